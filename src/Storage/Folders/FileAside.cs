using Microsoft.Win32.SafeHandles;

namespace StableDiffusion.Storage.Folders;

/// <summary>A file that is written aside and, when it is whole, synced and renamed into place. Disposed before that, it is gone.</summary>
internal sealed class FileAside : IDisposable
{
    private readonly string aside;
    private readonly SafeFileHandle file;
    private long length;

    /// <summary>Opens a new file in the folder for what is being written, which is made where it is missing.</summary>
    public FileAside(string temporary)
    {
        Directory.CreateDirectory(temporary);
        aside = Path.Combine(temporary, Guid.NewGuid().ToString("N"));
        file = File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write);
    }

    /// <summary>Writes on; its length from then on.</summary>
    public long Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, length);
        return length += bytes.Length;
    }

    /// <summary>Puts the file where it belongs, replacing what is there; its length.</summary>
    public long MoveTo(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        RandomAccess.FlushToDisk(file);
        file.Dispose();
        File.Move(aside, path, overwrite: true);
        DirectorySync.Flush(folder);
        return length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        File.Delete(aside); // no error where it was moved
    }
}
