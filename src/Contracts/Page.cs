namespace StableDiffusion.Contracts;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>
{
    /// <summary>The page's items, in the list's order.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Path and query of the next page; absent on the last.</summary>
    public string? Next { get; init; }
}
