using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Tests.Inputs;

public sealed class InputCacheTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_is_fetched_once_while_it_is_in_use()
    {
        var store = new FakeStore();
        var cache = new InputCache(store, TimeProvider.System);
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
        var cache = new InputCache(store, TimeProvider.System);
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
    public async Task A_store_that_is_away_is_tried_as_often_as_by_an_upload_and_one_that_refuses_once()
    {
        static ObjectStoreException[] Away(int times) => [.. Enumerable.Range(0, times).Select(_ => new ObjectStoreException("away", transient: true))];
        foreach (var (faults, drawn) in new[] { (Away(Uploader.Pauses.Count), true), (Away(Uploader.Pauses.Count + 1), false), ([new ObjectStoreException("forbidden", transient: false)], false) })
        {
            var store = new FakeStore(faults);
            var hash = store.PutPicture(2, 2, 1);
            var cache = new InputCache(store, new SkippingTime());
            var error = await Record.ExceptionAsync(() => cache.GetAsync([hash], Cancel));
            Assert.Equal(drawn, error is null);
            Assert.Single(await cache.GetAsync([hash], Cancel));
        }
    }
}
