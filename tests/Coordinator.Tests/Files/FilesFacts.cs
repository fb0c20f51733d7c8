using System.Text.Json;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Files;

/// <summary>What tests say of files and the store.</summary>
internal static class FilesFacts
{
    /// <summary>An object's bytes; null when there is none.</summary>
    public static async Task<byte[]?> ObjectAsync(this CoordinatorHost host, string key)
    {
        await using var stored = await host.Get<IObjectStore>().OpenReadAsync(key, Token);
        if (stored is null)
        {
            return null;
        }

        using var bytes = new MemoryStream();
        await stored.Content.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    /// <summary>Puts an object there, as somebody with the bucket's key does.</summary>
    public static Task StoreAsync(this CoordinatorHost host, string key, byte[] bytes) => host.Get<IObjectStore>().PutAsync(key, bytes, "application/octet-stream", null, Token);

    /// <summary>What <see cref="FileWork"/> does when it is woken.</summary>
    public static async Task WorkAsync(this CoordinatorHost host)
    {
        await host.Get<FileRegistry>().WorkAsync(Token);
        await host.Get<FileIndexWriter>().WriteAsync(Token);
    }

    /// <summary>What workers read.</summary>
    public static async Task<FileIndex> IndexAsync(this CoordinatorHost host) => await host.ObjectAsync(FileIndex.Key) is { } bytes ? JsonSerializer.Deserialize<FileIndex>(bytes, FileIndex.Options)! : FileIndex.Empty;
}
