namespace StableDiffusion.Coordinator.Files;

/// <summary>A file is not what it is to be; the message says what is wrong with it and what to do.</summary>
public sealed class RefusedFileException(string field, string message) : Exception(message)
{
    /// <summary>What of the request is wrong: "content", "key", "sha256".</summary>
    public string Field { get; } = field;
}
