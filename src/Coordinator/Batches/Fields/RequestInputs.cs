using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>The pictures of one request, as its fields are read. A text that many images share is unpacked and checked once.</summary>
internal sealed class RequestInputs(InputOptions limits)
{
    private readonly Dictionary<string, (InputPicture? Picture, string? Fault)> read = new(ReferenceEqualityComparer.Instance);
    private readonly List<InputPicture> pictures = [];

    /// <summary>Those that were in order.</summary>
    public IReadOnlyList<InputPicture> Pictures => pictures;

    /// <summary>A picture that is stored already, for fields that say exactly this string.</summary>
    public void Know(string text, InputPicture picture) => read[text] = (picture, null);

    /// <summary>A field's picture; null, with an error, when it is none.</summary>
    public InputPicture? Read(string field, string? text, RequestErrors errors)
    {
        if (text is null || !read.TryGetValue(text, out var known))
        {
            known = InputPicture.Read(text, limits);
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
