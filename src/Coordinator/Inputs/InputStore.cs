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
}
