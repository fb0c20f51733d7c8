using System.Runtime.CompilerServices;

namespace StableDiffusion.Storage;

/// <summary>Takes a stream apart that must have just so many bytes.</summary>
internal static class ExactContent
{
    /// <summary>The stream in parts of <paramref name="buffer"/>'s size, each valid until the next; the last one may be shorter. The stream's end is
    /// seen before the last part is given, so that one who stops at an exception has never had them all.</summary>
    /// <exception cref="InvalidDataException">There are fewer bytes than <paramref name="length"/>, or more.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(
        Stream content, long length, byte[] buffer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = new byte[1];
        for (var done = 0L; done < length;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done));
            var read = await content.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (read < part.Length)
            {
                throw new InvalidDataException($"The content ended after {done + read} of {length} bytes.");
            }

            done += read;
            if (done == length)
            {
                await CheckEndAsync().ConfigureAwait(false);
            }

            yield return part;
        }

        if (length == 0)
        {
            await CheckEndAsync().ConfigureAwait(false);
        }

        async Task CheckEndAsync()
        {
            if (await content.ReadAsync(end, cancellationToken).ConfigureAwait(false) != 0)
            {
                throw new InvalidDataException($"The content has more than the {length} bytes that were told.");
            }
        }
    }
}
