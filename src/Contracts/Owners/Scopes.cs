namespace StableDiffusion.Contracts.Owners;

/// <summary>What a key allows.</summary>
public static class Scopes
{
    /// <summary>Look at the owner's batches and images, and at models and workers.</summary>
    public const string Read = "read";

    /// <summary>Submit, cancel, change and delete the owner's batches.</summary>
    public const string Write = "write";

    /// <summary>Read /metrics, which tells of all owners.</summary>
    public const string Metrics = "metrics";

    /// <summary>Everything of everybody: owners, keys, workers and models too.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Write, Metrics, Admin];
}
