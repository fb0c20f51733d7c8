using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Downloads;

/// <summary>An object that is opened when it is read, where it is read: an answer without a body costs the store nothing, and one with a part
/// of the object no more than that part.</summary>
/// <param name="objects">The store.</param>
/// <param name="info">The object, which never changes.</param>
internal sealed class ObjectStream(IObjectStore objects, ObjectInfo info) : Stream
{
    private StoredObject? opened;
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => opened is null;

    public override bool CanWrite => false;

    public override long Length => info.Length;

    public override long Position
    {
        get => position;
        set => position = opened is null ? value : throw new NotSupportedException("It is being read already.");
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => position,
        _ => Length,
    };

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        opened ??= await objects.OpenReadAsync(info.Key, position, cancellationToken)
            ?? throw new ObjectStoreException($"{info.Key} has just been deleted.", transient: true);
        var read = await opened.Content.ReadAsync(buffer, cancellationToken);
        position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It comes over the network: read it asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override async ValueTask DisposeAsync()
    {
        await (opened?.DisposeAsync() ?? ValueTask.CompletedTask);
        await base.DisposeAsync();
    }
}
