using StableDiffusion.Storage.Folders;

namespace StableDiffusion.Storage.Tests.Folders;

public sealed class FolderObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("objects-").FullName;
    private readonly FolderObjectStore store;

    public FolderObjectStoreTests() => store = new FolderObjectStore(folder, TimeProvider.System);

    protected override IObjectStore Store => store;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Bytes_lie_in_a_plain_file_under_their_key_and_nothing_stays_in_temporary()
    {
        await store.PutAsync("batch/1.png", "bytes"u8.ToArray(), "image/png", null, Cancel);

        Assert.Equal("bytes", await File.ReadAllTextAsync(Path.Combine(folder, "objects", "batch", "1.png"), Cancel));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder, "temporary")));
    }

    [Fact]
    public async Task Failed_put_leaves_the_old_object_and_no_temporary_file()
    {
        await store.PutAsync("a", "old"u8.ToArray(), "image/png", null, Cancel);

        // "a" is a file, so it cannot be the folder of "a/b"
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("a/b", "new"u8.ToArray(), "image/png", null, Cancel));

        Assert.Contains("a/b", error.Message, StringComparison.Ordinal);
        Assert.Null(await store.HeadAsync("a/b", Cancel));
        Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(folder, "objects", "a"), Cancel));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder, "temporary")));
    }

    [Fact]
    public async Task Stream_that_breaks_off_leaves_no_temporary_file()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => store.PutAsync("a", new Trickle(new byte[3_000_000]), 4_000_000, "application/x", null, Cancel));

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder, "temporary")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder, "a*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task File_that_was_put_there_by_hand_is_an_object()
    {
        Directory.CreateDirectory(Path.Combine(folder, "objects", "models"));
        await File.WriteAllTextAsync(Path.Combine(folder, "objects", "models", "a"), "by hand", Cancel);

        Assert.Equal((7, "application/octet-stream"), (await store.HeadAsync("models/a", Cancel)) is { } info ? (info.Length, info.ContentType) : default);
    }

    [Fact]
    public async Task Reader_keeps_the_bytes_it_opened_while_they_are_replaced()
    {
        await store.PutAsync("a", "old"u8.ToArray(), "image/png", null, Cancel);
        await using var opened = await store.OpenReadAsync("a", Cancel);

        await store.PutAsync("a", "replaced"u8.ToArray(), "image/png", null, Cancel);

        using var reader = new StreamReader(opened!.Content);
        Assert.Equal("old", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Start_removes_what_a_dead_writer_left_but_not_what_a_living_one_writes()
    {
        await store.EnsureReadyAsync(Cancel);
        var dead = Path.Combine(folder, "temporary", "dead");
        var living = Path.Combine(folder, "temporary", "living");
        await File.WriteAllTextAsync(dead, "", Cancel);
        await File.WriteAllTextAsync(living, "", Cancel);
        File.SetLastWriteTimeUtc(dead, DateTime.UtcNow.AddHours(-2));

        await store.EnsureReadyAsync(Cancel);

        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(living));
    }
}
