using System.IO.Compression;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Downloads;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Downloads;

public sealed class DownloadsTests(Databases databases)
{
    [Fact]
    public async Task A_batchs_pictures_come_as_one_archive_in_order()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var batch = await host.SubmitAsync(4);
        var taken = await host.TakeAsync(3);
        foreach (var (index, image) in taken.Index().Reverse())
        {
            if (index != 1)
            {
                await host.Get<IObjectStore>().PutAsync(image.ObjectKey, new byte[] { 1, 2, (byte)index }, "image/png", null, Token);
            }

            await host.SucceedAsync(Rendered(new AttemptReference(image.Id, image.AttemptId)));
        }

        using var archive = new MemoryStream(await host.Client.GetByteArrayAsync(new Uri(batch.Url + "/archive", UriKind.Relative), Token));
        await using var zip = await ZipArchive.CreateAsync(archive, ZipArchiveMode.Read, leaveOpen: false, entryNameEncoding: null, Token);
        Assert.Equal([Name(taken[0].ObjectKey), Name(taken[2].ObjectKey), "MISSING.txt"], zip.Entries.Select(entry => entry.FullName));
        using var content = new MemoryStream();
        await using (var entry = await zip.Entries[1].OpenAsync(Token))
        {
            await entry.CopyToAsync(content, Token);
        }

        Assert.Equal([1, 2, 2], content.ToArray());
        // a folder signs nothing
        var url = await host.GetAsync<ImageUrl>($"/v1/images/{taken[0].Id}/url");
        Assert.Equal(($"/v1/images/{taken[0].Id}/content", null), (url.Url, url.ExpiresAt));
    }

    [Fact]
    public async Task An_archive_that_broke_off_is_none()
    {
        using var objects = new WatchedStore();
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: objects);
        var batch = await host.SubmitAsync(3);
        foreach (var image in await host.TakeAsync(3))
        {
            await objects.PutAsync(image.ObjectKey, new byte[] { 1, 2, 3 }, "image/png", null, Token);
            await host.SucceedAsync(Rendered(new AttemptReference(image.Id, image.AttemptId)));
        }

        objects.Fails = () => objects.Reads.Count == 2;
        using var archive = new MemoryStream();
        await Assert.ThrowsAsync<ObjectStoreException>(() => host.Get<BatchArchive>().WriteAsync(batch.Id, archive, Token));
        Assert.NotEqual(0, archive.Length);
        Assert.Throws<InvalidDataException>(() => new ZipArchive(archive, ZipArchiveMode.Read));
    }

    private static string Name(string key) => key[(key.LastIndexOf('/') + 1)..];
}
