using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>The pictures of one request, as its fields are read.</summary>
internal sealed class RequestInputs(InputOptions limits, RequestErrors errors)
{
    private readonly List<InputPicture> pictures = [];

    /// <summary>Those that were in order.</summary>
    public IReadOnlyList<InputPicture> Pictures => pictures;

    /// <summary>A field's picture; null, with an error, when it is none.</summary>
    public InputPicture? Read(string field, string? text)
    {
        var (picture, fault) = InputPicture.Read(text, limits);
        if (picture is null)
        {
            errors.Add(field, fault!);
            return null;
        }

        pictures.Add(picture);
        return picture;
    }
}
