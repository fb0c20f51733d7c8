namespace StableDiffusion.Storage.Tests;

/// <summary>Bytes as a network gives them: some at a time, forwards only, of a length that nobody knows.</summary>
internal sealed class Trickle(byte[] bytes) : Stream
{
    private const int Most = 70_001;
    private int done;

    /// <summary>What happens when it is read to its end.</summary>
    public Action AtEnd { get; init; } = () => { };

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = Math.Min(Math.Min(count, Most), bytes.Length - done);
        bytes.AsSpan(done, read).CopyTo(buffer.AsSpan(offset));
        done += read;
        if (read == 0)
        {
            AtEnd();
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
