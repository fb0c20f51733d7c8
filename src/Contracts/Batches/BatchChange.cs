namespace StableDiffusion.Contracts.Batches;

/// <summary>Body of PATCH /v1/batches/{id}: what is left out stays.</summary>
public sealed record BatchChange
{
    /// <summary>-100 … 100; higher goes first.</summary>
    public int? Priority { get; init; }

    /// <summary>true: none of its images is begun until it is false again. What is being drawn is finished.</summary>
    public bool? Paused { get; init; }
}
