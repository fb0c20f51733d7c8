namespace StableDiffusion.Contracts.Messages;

/// <summary>What attempts fail of, in the words that failures are counted by. Words and no enum, so that a newer worker may have one more.</summary>
public static class FailureReasons
{
    /// <summary>The request or the model is wrong.</summary>
    public const string Request = "request";

    /// <summary>Memory ran out, of the host or of the device.</summary>
    public const string Memory = "memory";

    /// <summary>The object store was away or refused.</summary>
    public const string Objects = "objects";

    /// <summary>The worker lacks an adapter.</summary>
    public const string Adapter = "adapter";

    /// <summary>The worker was not heard of any more.</summary>
    public const string Lost = "lost";

    /// <summary>Anything else.</summary>
    public const string Other = "other";

    /// <summary>All of these.</summary>
    public static IReadOnlyList<string> All { get; } = [Request, Memory, Objects, Adapter, Lost, Other];
}
