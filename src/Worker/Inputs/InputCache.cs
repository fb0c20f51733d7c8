using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Caching;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Inputs;

/// <summary>Pictures that came with requests, from the object store; the last few stay in memory, since the images of a batch share them.</summary>
public sealed class InputCache(IObjectStore store, TimeProvider time)
{
    private readonly Lock turn = new();
    private readonly RecentlyUsed<Picture> recent = new(most: 8);

    /// <summary>The pictures of those hashes.</summary>
    /// <exception cref="ArgumentException">One is no longer stored, or no picture; the image can never be drawn.</exception>
    /// <exception cref="ObjectStoreException">The store refuses, or was away at the last try, too.</exception>
    public async Task<IReadOnlyDictionary<string, Picture>> GetAsync(IEnumerable<string> hashes, CancellationToken cancellationToken)
    {
        Dictionary<string, Picture> pictures = [];
        string[] wanted = [.. hashes.Distinct()];
        lock (turn)
        {
            recent.MakeRoom(wanted);
        }

        foreach (var hash in wanted)
        {
            pictures[hash] = Known(hash) ?? Keep(hash, await FetchAsync(InputKey.Of(hash), hash, cancellationToken).ConfigureAwait(false));
        }

        return pictures;
    }

    private Picture? Known(string hash)
    {
        lock (turn)
        {
            return recent.Find(hash);
        }
    }

    private Picture Keep(string hash, Picture picture)
    {
        lock (turn)
        {
            return recent.Get(hash, () => picture); // another group may have been faster
        }
    }

    /// <summary>Tries as long as an upload does, so that a store that is away for a moment costs no attempt.</summary>
    private async Task<Picture> FetchAsync(string key, string hash, CancellationToken cancellationToken)
    {
        foreach (var pause in Uploader.Pauses)
        {
            try
            {
                return await ReadAsync(key, hash, cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectStoreException e) when (e.IsTransient)
            {
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }

        return await ReadAsync(key, hash, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Picture> ReadAsync(string key, string hash, CancellationToken cancellationToken)
    {
        await using var stored = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new ArgumentException($"The picture {key} that came with the request is no longer in the object store; send the request again with the picture.");
        using var bytes = new MemoryStream();
        try
        {
            await stored.Content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new ObjectStoreException($"Could not read {key}: {e.Message}", transient: true, e);
        }

        var file = bytes.ToArray();
        if (Convert.ToHexStringLower(SHA256.HashData(file)) != hash)
        {
            throw new ArgumentException($"The picture {key} in the object store is not the one that came with the request; send the request again with the picture.");
        }

        try
        {
            return PngReader.Read(file).Picture;
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"A picture that came with the request ({key}) cannot be read: {e.Message}", e);
        }
    }
}
