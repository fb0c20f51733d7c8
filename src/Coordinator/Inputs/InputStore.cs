using System.Buffers.Binary;
using StableDiffusion.Contracts;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>Keeps the pictures that come with requests: each once, under its content's hash.</summary>
public sealed class InputStore(IObjectStore objects)
{
    private const string ContentType = "image/png";

    /// <summary>Stores those that are not there yet. What a request that fails afterwards leaves here is used by the next that brings it.</summary>
    /// <exception cref="ObjectStoreException">The store is away or refuses.</exception>
    public async Task PutAsync(IEnumerable<InputPicture> pictures, CancellationToken cancellationToken)
    {
        foreach (var picture in pictures.DistinctBy(picture => picture.Hash))
        {
            var key = InputKey.Of(picture.Hash);
            if (await objects.HeadAsync(key, cancellationToken) is null)
            {
                await objects.PutAsync(key, picture.File, ContentType, metadata: null, cancellationToken);
            }
        }
    }

    /// <summary>A stored picture's size; null when it is not there.</summary>
    /// <exception cref="ObjectStoreException">The store is away or refuses.</exception>
    public async Task<InputPicture?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        if (await objects.OpenReadAsync(InputKey.Of(hash), cancellationToken) is not { } stored)
        {
            return null;
        }

        await using (stored)
        {
            var head = new byte[24]; // signature, the header's length and name, width and height
            await stored.Content.ReadExactlyAsync(head, cancellationToken);
            return new InputPicture(hash, BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(20)));
        }
    }
}
