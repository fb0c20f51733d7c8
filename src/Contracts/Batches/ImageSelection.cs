namespace StableDiffusion.Contracts.Batches;

/// <summary>Body of POST /v1/batches/{id}/cancel and /retry.</summary>
public sealed record ImageSelection
{
    /// <summary>Which images, by their places in the batch or by their ids; all by default.</summary>
    public IReadOnlyList<ImageReference>? Images { get; init; }
}
