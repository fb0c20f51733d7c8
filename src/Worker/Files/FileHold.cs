namespace StableDiffusion.Worker.Files;

/// <summary>Keeps files of the cache from being dropped, by this worker and by others that share it, until it is disposed.</summary>
public sealed class FileHold(IReadOnlyList<FileStream> files) : IDisposable
{
    /// <summary>Holds nothing.</summary>
    public static FileHold None { get; } = new([]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
