namespace StableDiffusion.Worker.Adapters;

/// <summary>A file as it was at a moment: another length or time means another content.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Length">In bytes; -1 where there is no file.</param>
/// <param name="WrittenAt">UTC.</param>
public readonly record struct FileStamp(string Path, long Length, DateTime WrittenAt)
{
    /// <summary>As it is now; of a link, what it leads to.</summary>
    public static FileStamp Of(string path)
    {
        var link = new FileInfo(path);
        var file = link.LinkTarget is null ? link : (FileInfo?)link.ResolveLinkTarget(returnFinalTarget: true) ?? link;
        return new FileStamp(path, file.Exists ? file.Length : -1, file.LastWriteTimeUtc);
    }
}
