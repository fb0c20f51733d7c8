using Microsoft.Win32.SafeHandles;

namespace StableDiffusion.Storage.Folders;

/// <summary>A file that is written aside and, when it is whole, synced and renamed into place. Disposed before that, it is gone.</summary>
internal sealed class FileAside : IDisposable
{
    private readonly string aside;
    private readonly SafeFileHandle file;
    private long length;
    private bool moved;

    /// <summary>Opens a new file in the folder for what is being written, which is made where it is missing.</summary>
    public FileAside(string temporary)
    {
        aside = Path.Combine(temporary, Guid.NewGuid().ToString("N"));
        try
        {
            file = Open();
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(temporary);
            file = Open();
        }
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
        RandomAccess.FlushToDisk(file);
        file.Dispose();
        try
        {
            File.Move(aside, path, overwrite: true);
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException) // which of the two differs by system
        {
            Directory.CreateDirectory(folder);
            File.Move(aside, path, overwrite: true);
        }

        moved = true;
        DirectorySync.Flush(folder);
        return length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        if (!moved)
        {
            File.Delete(aside);
        }
    }

    // shared: nobody else knows its name, so the runtime need not lock it
    private SafeFileHandle Open() => File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
}
