using System.Collections.Concurrent;
using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Storage;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Objects in memory; the first puts fail with the errors given.</summary>
internal sealed class FakeStore(params Exception[] failures) : IObjectStore
{
    private readonly ConcurrentQueue<Exception> failures = new(failures);

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    private readonly TaskCompletionSource stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Puts { get; private set; }

    public Action BeforePut { get; set; } = () => { };

    public Task PutAsync(
        string key, ReadOnlyMemory<byte> bytes, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        Puts++;
        BeforePut();
        if (failures.TryDequeue(out var failure))
        {
            return Task.FromException(failure);
        }
        Objects[key] = bytes.ToArray();
        stored.TrySetResult();
        return Task.CompletedTask;
    }

    public async Task PutAsync(
        string key, Stream content, long length, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        await PutAsync(key, bytes.ToArray(), contentType, metadata, cancellationToken);
    }

    /// <summary>Returns when a first object is stored.</summary>
    public Task StoredAsync(CancellationToken cancellationToken) => stored.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);

    public Task EnsureReadyAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public int Reads { get; private set; }

    /// <summary>A grey picture that came with a request; its hash.</summary>
    public string PutPicture(int width, int height, byte grey) => Put(new Picture(width, height, 3, [.. Enumerable.Repeat(grey, width * height * 3)]));

    /// <summary>Stores a picture as an input; its hash.</summary>
    public string Put(Picture picture)
    {
        byte[] png = PngWriter.Write(picture);
        string hash = Convert.ToHexStringLower(SHA256.HashData(png));
        Objects[InputKey.Of(hash)] = png;
        return hash;
    }

    public Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        Reads++;
        if (failures.TryDequeue(out var failure))
        {
            return Task.FromException<StoredObject?>(failure);
        }

        return Task.FromResult(Objects.TryGetValue(key, out var bytes)
            ? new StoredObject(new ObjectInfo(key, bytes.Length, DateTimeOffset.UnixEpoch, "image/png", new Dictionary<string, string>()), new MemoryStream(bytes) { Position = offset })
            : null);
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) => Task.FromResult(Objects.TryGetValue(key, out var bytes)
        ? new ObjectInfo(key, bytes.Length, DateTimeOffset.UnixEpoch, "image/png", new Dictionary<string, string>())
        : null);

    public Task<Uri?> PresignAsync(string key, TimeSpan validFor) => throw new NotSupportedException();

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();
}
