using System.Security.Cryptography;

namespace StableDiffusion.Coordinator.Files.Checks;

/// <summary>
/// A safetensors file on its way: its head, which was read and checked before, and the rest. Reading it hashes it; at the end, where it is too short, too long
/// or of another hash than was told, reading throws, so that who stores it has never had it whole.
/// </summary>
/// <param name="head">What was read already.</param>
/// <param name="rest">The stream that it was read from.</param>
/// <param name="length">The whole length in bytes, as the head tells it.</param>
/// <param name="expected">The SHA-256 that the sender knows, lower-case hex, or null.</param>
internal sealed class CheckedContent(byte[] head, Stream rest, long length, string? expected) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long done;

    /// <summary>SHA-256 of the whole, lower-case hex. Null before the end was read.</summary>
    public string? Sha256 { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => done; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = done < head.Length ? Head(buffer.Span) : await rest.ReadAsync(buffer, cancellationToken);
        hash.AppendData(buffer.Span[..read]);
        done += read;
        if (done > length)
        {
            throw new RefusedFileException("content", $"It goes on after the {length} bytes that its tensors take.");
        }

        if (read == 0 && buffer.Length > 0)
        {
            Finish();
        }

        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Head(Span<byte> buffer)
    {
        var left = head.AsSpan((int)done);
        var read = Math.Min(left.Length, buffer.Length);
        left[..read].CopyTo(buffer);
        return read;
    }

    private void Finish()
    {
        if (done < length)
        {
            throw new RefusedFileException("content", $"It is truncated: {done} of {length} bytes came.");
        }

        Sha256 ??= Convert.ToHexStringLower(hash.GetHashAndReset());
        if (expected is not null && Sha256 != expected)
        {
            throw new RefusedFileException("sha256", $"The bytes that came have the SHA-256 {Sha256}: something changed them on their way, or another file was meant.");
        }
    }
}
