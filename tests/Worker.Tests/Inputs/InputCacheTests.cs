using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Inputs;

public sealed class InputCacheTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_is_fetched_once_while_it_is_in_use()
    {
        var store = new FakeStore();
        var cache = new InputCache(store);
        var hash = store.PutPicture(2, 2, 7);
        for (var i = 0; i < 3; i++)
        {
            Assert.All((await cache.GetAsync([hash, hash], Cancel))[hash].Pixels, pixel => Assert.Equal(7, pixel));
        }

        Assert.Equal(1, store.Reads);
        await cache.GetAsync(Enumerable.Range(10, 8).Select(grey => store.PutPicture(2, 2, (byte)grey)), Cancel);
        await cache.GetAsync([hash], Cancel);
        Assert.Equal(10, store.Reads);
    }

    [Fact]
    public async Task A_lost_or_broken_picture_can_never_be_drawn_and_is_named()
    {
        var store = new FakeStore();
        var cache = new InputCache(store);
        var lost = await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync(["0011"], Cancel));
        Assert.Contains("inputs/0011.png", lost.Message, StringComparison.Ordinal);
        var other = store.PutPicture(2, 2, 1);
        store.Objects[InputKey.Of(other)] = [1, 2, 3];
        await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync([other], Cancel));
        byte[] text = [.. "not a picture"u8];
        var hash = Convert.ToHexStringLower(SHA256.HashData(text));
        store.Objects[InputKey.Of(hash)] = text;
        Assert.Contains("Not a PNG", (await Assert.ThrowsAsync<ArgumentException>(() => cache.GetAsync([hash], Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_away_is_tried_again_later()
    {
        var store = new FakeStore(new ObjectStoreException("away", transient: true));
        var hash = store.PutPicture(2, 2, 1);
        var cache = new InputCache(store);
        await Assert.ThrowsAsync<ObjectStoreException>(() => cache.GetAsync([hash], Cancel));
        Assert.Single(await cache.GetAsync([hash], Cancel));
    }
}
