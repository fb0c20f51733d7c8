namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>Where a weight of a network lies: a tensor of the file, or one of several of the same size that are joined in it
/// along the first dimension.</summary>
internal sealed record WeightPlace(string Key)
{
    /// <summary>Which of the joined ones.</summary>
    public int Part { get; init; }

    /// <summary>How many are joined.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Whether rows and columns are exchanged.</summary>
    public bool Transposed { get; init; }
}
