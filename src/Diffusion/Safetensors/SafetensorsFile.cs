using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>A safetensors file, memory-mapped: opening reads and checks the header alone, a tensor's pages are read when it is.</summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafetensorsHeader header;
    private readonly byte* data;
    private bool disposed;

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="SafetensorsException">The file is truncated, corrupt or no safetensors file.</exception>
    public SafetensorsFile(string path)
    {
        Path = path;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var length = file.Length; // of what a link leads to, as in huggingface's cache
        if (length < SafetensorsHeader.LengthBytes)
        {
            throw new SafetensorsException(path, $"truncated: {length} bytes are too few for a safetensors file");
        }

        map = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, SafetensorsHeader.LengthBytes));
            SafetensorsHeader.CheckLength(path, headerLength, length, new ReadOnlySpan<byte>(start, (int)Math.Min(length, SafetensorsHeader.KindBytes)));
            var json = new ReadOnlySpan<byte>(start + SafetensorsHeader.LengthBytes, (int)headerLength).ToArray();
            data = start + SafetensorsHeader.LengthBytes + headerLength;
            header = SafetensorsHeader.Parse(path, json, length - SafetensorsHeader.LengthBytes - (long)headerLength);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the file lies.</summary>
    public string Path { get; }

    /// <summary>Its tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => header.Entries;

    /// <summary>Its free-form metadata; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>
    /// Copies a tensor out of the map, then converts it. The caller owns the result. Only floating-point tensors take
    /// <paramref name="dtype"/>; whole numbers keep theirs.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dtype">The wanted floating-point type; null keeps the file's.</param>
    /// <param name="device">Where to put it; null is the CPU.</param>
    /// <exception cref="SafetensorsException">The file has no such tensor.</exception>
    public Tensor Read(string name, ScalarType? dtype = null, Device? device = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!Tensors.TryGetValue(name, out var entry))
        {
            throw new SafetensorsException(Path, name, "the file has no tensor of this name");
        }

        using var scope = NewDisposeScope();
        var tensor = empty([.. entry.Shape], entry.DType);
        CopyTo(entry, tensor);
        var type = dtype is { } wanted && tensor.is_floating_point() ? wanted : entry.DType;
        return scope.MoveToOuter(tensor.to(type, device ?? CPU));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
        }
    }

    private void CopyTo(SafetensorsEntry entry, Tensor tensor)
    {
        var length = entry.End - entry.Begin;
        if (length > int.MaxValue)
        {
            throw new SafetensorsException(Path, entry.Name, $"{length} bytes are more than the 2 GiB that one tensor may take");
        }

        if (length > 0)
        {
            new ReadOnlySpan<byte>(data + entry.Begin, (int)length).CopyTo(tensor.bytes);
        }
    }
}
