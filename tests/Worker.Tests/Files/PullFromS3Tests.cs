using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Storage.S3;
using StableDiffusion.Worker.Files;

namespace StableDiffusion.Worker.Tests.Files;

public sealed class PullFromS3Tests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_file_goes_into_a_real_server_from_a_stream_and_out_of_it_into_the_cache()
    {
        await using var ceph = await CephServer.StartAsync(Cancel);
        using var store = new S3ObjectStore(new S3Options { ServiceUrl = ceph.ServiceUrl, AccessKey = ceph.AccessKey, SecretKey = ceph.SecretKey });
        await store.EnsureReadyAsync(Cancel);
        var bytes = new byte[50_000_000];
        new Random(1).NextBytes(bytes);
        await store.PutAsync("models/loras/ink.safetensors", new MemoryStream(bytes), bytes.Length, "application/x", null, Cancel);
        var part = new FilePart { Path = "ink.safetensors", Key = "models/loras/ink.safetensors", Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Bytes = bytes.Length };
        var index = new FileIndex { Files = [new() { Kind = FileKind.Lora, Name = "ink", Sha256 = part.Sha256, Parts = [part] }] }.ToJson();
        await store.PutAsync(FileIndex.Key, index, "application/json", new Dictionary<string, string> { [FileIndex.HashMetadata] = Convert.ToHexStringLower(SHA256.HashData(index)) }, Cancel);
        var folder = Directory.CreateTempSubdirectory("cache-").FullName;
        try
        {
            var reader = new IndexReader(store);
            var cache = new FileCache(store, TimeProvider.System, Options.Create(new PullOptions { Cache = folder }), NullLogger<FileCache>.Instance);
            Assert.True(await reader.ReadAsync(Cancel));
            Assert.False(await reader.ReadAsync(Cancel));

            using var hold = await cache.HoldAsync(Assert.Single(reader.Index.Files).Parts, Cancel);

            await using var pulled = File.OpenRead(cache.PathOf(part.Sha256));
            Assert.Equal(part.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(pulled, Cancel)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
