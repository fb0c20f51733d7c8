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
        using var file = File.OpenRead(path); // its length is that of what a link leads to, as in huggingface's cache
        header = ReadHeader(path, file, out var begin);
        map = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        view = map.CreateViewAccessor(0, file.Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        data = start + begin;
    }

    /// <summary>Where the file lies.</summary>
    public string Path { get; }

    /// <summary>Its tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => header.Entries;

    /// <summary>Its free-form metadata; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Checks a file's header against its length by reading, without a map: for one that is perhaps still being written.</summary>
    /// <exception cref="SafetensorsException">The file is truncated, corrupt or no safetensors file.</exception>
    public static void Check(string path)
    {
        using var file = File.OpenRead(path);
        ReadHeader(path, file, out _);
    }

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

    /// <param name="path">As errors name it.</param>
    /// <param name="file">At its beginning.</param>
    /// <param name="begin">Where the data begin.</param>
    private static SafetensorsHeader ReadHeader(string path, FileStream file, out long begin)
    {
        if (file.Length < SafetensorsHeader.LengthBytes)
        {
            throw new SafetensorsException(path, $"truncated: {file.Length} bytes are too few for a safetensors file");
        }

        var start = new byte[Math.Min(file.Length, SafetensorsHeader.KindBytes)];
        file.ReadExactly(start);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(start);
        SafetensorsHeader.CheckLength(path, headerLength, file.Length, start);
        var json = new byte[headerLength];
        file.Position = SafetensorsHeader.LengthBytes;
        file.ReadExactly(json);
        begin = file.Position;
        return SafetensorsHeader.Parse(path, json, file.Length - begin);
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
