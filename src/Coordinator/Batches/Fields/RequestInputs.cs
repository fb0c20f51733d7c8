using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>The pictures of one request, as its fields are read. A text that many images share is unpacked and checked once.</summary>
internal sealed class RequestInputs(InputOptions limits)
{
    private readonly Dictionary<string, (InputPicture? Picture, string? Fault)> read = new(ReferenceEqualityComparer.Instance);
    private readonly List<InputPicture> pictures = [];
    private long pixels; // of all that were looked at; one that is wrong may have had any number

    private string TooMany => $"The pictures before it have {limits.MaxPixelsOfRequest} pixels together, the most of one request (a wrong one counts as the largest): send it with another.";

    /// <summary>Those that were in order.</summary>
    public IReadOnlyList<InputPicture> Pictures => pictures;

    /// <summary>A picture that is stored already, for fields that say exactly this string.</summary>
    public void Know(string text, InputPicture picture) => read[text] = (picture, null);

    /// <summary>A field's picture; null, with an error, when it is none.</summary>
    public InputPicture? Read(string field, string? text, RequestErrors errors)
    {
        if (text is null || !read.TryGetValue(text, out var known))
        {
            known = pixels < limits.MaxPixelsOfRequest ? InputPicture.Read(text, limits) : (null, TooMany);
            pixels += known.Picture is { } looked ? (long)looked.Width * looked.Height : limits.MaxPixels;
            if (known.Picture is { } picture)
            {
                pictures.Add(picture);
            }

            if (text is not null)
            {
                read[text] = known;
            }
        }

        if (known.Fault is { } fault)
        {
            errors.Add(field, fault);
        }

        return known.Picture;
    }
}
