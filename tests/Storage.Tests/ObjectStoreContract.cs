using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Storage.Tests;

/// <summary>What every object store must do, whatever lies behind it.</summary>
public abstract class ObjectStoreContract
{
    private static readonly byte[] Bytes = Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7)).ToArray();

    protected abstract IObjectStore Store { get; }

    /// <summary>A prefix of the test's own, so that tests share a store without seeing each other.</summary>
    private string Prefix { get; } = $"test-{Guid.NewGuid():N}/";

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_put_is_read_back_with_length_type_and_metadata()
    {
        await Store.PutAsync(Prefix + "a/b.png", Bytes, "image/png", new Dictionary<string, string> { ["sha256"] = "ab cd" }, Cancel);

        await using var stored = await Store.OpenReadAsync(Prefix + "a/b.png", Cancel);

        Assert.NotNull(stored);
        Assert.Equal(Bytes, await ReadAsync(stored));
        Assert.Equal((Prefix + "a/b.png", Bytes.Length, "image/png"), (stored.Info.Key, stored.Info.Length, stored.Info.ContentType));
        Assert.Equal("ab cd", Assert.Contains("sha256", stored.Info.Metadata));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000_000)]
    [InlineData(40_000_001)] // several parts, the last a short one
    public async Task What_was_put_from_a_stream_is_read_back_with_length_type_and_metadata(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        await Store.PutAsync(Prefix + "large", new Trickle(bytes), length, "application/x", new Dictionary<string, string> { ["model"] = "x" }, Cancel);

        await using var stored = await Store.OpenReadAsync(Prefix + "large", Cancel);
        Assert.Equal((length, "application/x", "x"), (stored!.Info.Length, stored.Info.ContentType, stored.Info.Metadata["model"]));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await ReadAsync(stored)));
    }

    [Theory]
    [InlineData(1_000, 999)]
    [InlineData(1_000, 1_001)]
    [InlineData(40_000_000, 39_000_000)]
    [InlineData(33_554_432, 33_554_433)] // two whole parts and a byte too many
    [InlineData(0, 1)]
    public async Task Stream_of_another_length_stores_nothing_and_leaves_the_old_object(int told, int length)
    {
        await Store.PutAsync(Prefix + "large", "old"u8.ToArray(), "text/plain", null, Cancel);

        await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutAsync(Prefix + "large", new Trickle(new byte[length]), told, "application/x", null, Cancel));
        await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutAsync(Prefix + "new", new Trickle(new byte[length]), told, "application/x", null, Cancel));

        await using var stored = await Store.OpenReadAsync(Prefix + "large", Cancel);
        Assert.Equal("old", Encoding.UTF8.GetString(await ReadAsync(stored!)));
        Assert.Equal([Prefix + "large"], (await ListAsync(Prefix)).Select(entry => entry.Key));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(40_000_000)]
    public async Task Stream_that_refuses_its_content_at_its_end_stores_nothing_and_its_error_comes_out(int length)
    {
        var error = await Assert.ThrowsAsync<IOException>(() => Store.PutAsync(
            Prefix + "large", new Trickle(new byte[length]) { AtEnd = () => throw new IOException("not this") }, length, "application/x", null, Cancel));

        Assert.Equal("not this", error.Message);
        Assert.Empty(await ListAsync(Prefix));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(99_999)]
    [InlineData(100_000)] // its end
    [InlineData(200_000)]
    public async Task Object_is_read_from_any_byte_on_and_its_length_told_is_that_of_the_whole(int offset)
    {
        await Store.PutAsync(Prefix + "a", Bytes, "text/plain", new Dictionary<string, string> { ["model"] = "x" }, Cancel);

        await using var stored = await Store.OpenReadAsync(Prefix + "a", offset, Cancel);

        Assert.Equal(Bytes.Skip(offset), await ReadAsync(stored!));
        Assert.Equal((Bytes.Length, "text/plain", "x"), (stored!.Info.Length, stored.Info.ContentType, stored.Info.Metadata["model"]));
        Assert.Null(await Store.OpenReadAsync(Prefix + "no", offset, Cancel));
    }

    [Fact]
    public async Task Head_tells_all_but_the_bytes()
    {
        await Store.PutAsync(Prefix + "a", Bytes, "text/plain", new Dictionary<string, string> { ["model"] = "x" }, Cancel);

        var info = await Store.HeadAsync(Prefix + "a", Cancel);

        Assert.NotNull(info);
        Assert.Equal((Bytes.Length, "text/plain", "x"), (info.Length, info.ContentType, info.Metadata["model"]));
        Assert.InRange(info.LastModified, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Fact]
    public async Task Absent_object_is_null_and_its_deletion_no_error()
    {
        Assert.Null(await Store.OpenReadAsync(Prefix + "no", Cancel));
        Assert.Null(await Store.HeadAsync(Prefix + "no", Cancel));
        await Store.DeleteAsync(Prefix + "no", Cancel);
    }

    [Fact]
    public async Task Second_put_replaces_bytes_type_and_metadata()
    {
        await Store.PutAsync(Prefix + "a", Bytes, "image/png", new Dictionary<string, string> { ["old"] = "1" }, Cancel);
        await Store.PutAsync(Prefix + "a", "new"u8.ToArray(), "text/plain", null, Cancel);

        await using var stored = await Store.OpenReadAsync(Prefix + "a", Cancel);

        Assert.Equal("new", Encoding.UTF8.GetString(await ReadAsync(stored!)));
        Assert.Equal("text/plain", stored!.Info.ContentType);
        Assert.Empty(stored.Info.Metadata);
    }

    [Fact]
    public async Task Deleted_object_is_gone()
    {
        await Store.PutAsync(Prefix + "a", Bytes, "image/png", null, Cancel);

        await Store.DeleteAsync(Prefix + "a", Cancel);

        Assert.Null(await Store.OpenReadAsync(Prefix + "a", Cancel));
        Assert.Empty(await ListAsync(Prefix));
    }

    [Fact]
    public async Task List_gives_keys_and_lengths_under_a_prefix_that_may_end_within_a_name()
    {
        foreach (var key in new[] { "x/1", "x/2/3", "xy", "z" })
        {
            await Store.PutAsync(Prefix + key, Bytes.AsMemory(0, key.Length), "image/png", null, Cancel);
        }

        var found = await ListAsync(Prefix + "x");

        Assert.Equal([(Prefix + "x/1", 3), (Prefix + "x/2/3", 5), (Prefix + "xy", 2)], found.Select(e => (e.Key, e.Length)));
        Assert.Equal(4, (await ListAsync(Prefix)).Count);
        Assert.Empty(await ListAsync(Prefix + "none"));
    }

    [Fact]
    public async Task Empty_object_is_an_object()
    {
        await Store.PutAsync(Prefix + "empty", ReadOnlyMemory<byte>.Empty, "image/png", null, Cancel);

        Assert.Equal(0, (await Store.HeadAsync(Prefix + "empty", Cancel))!.Length);
    }

    [Fact]
    public async Task Key_may_hold_blanks_and_letters_of_any_script()
    {
        await Store.PutAsync(Prefix + "ein Rad +&%2F/日本.png", Bytes, "image/png", null, Cancel);

        Assert.Equal(Prefix + "ein Rad +&%2F/日本.png", Assert.Single(await ListAsync(Prefix)).Key);
        Assert.NotNull(await Store.HeadAsync(Prefix + "ein Rad +&%2F/日本.png", Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    public async Task Key_that_is_no_safe_path_is_refused_by_every_operation(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, Bytes, "image/png", null, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenReadAsync(key, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.HeadAsync(key, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key, Cancel));
    }

    [Theory]
    [InlineData("Upper", "x")]
    [InlineData("a", "naïve")]
    [InlineData("a", "line\nbreak")]
    public async Task Metadata_that_is_no_header_is_refused(string name, string value) =>
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Store.PutAsync(Prefix + "a", Bytes, "image/png", new Dictionary<string, string> { [name] = value }, Cancel));

    [Fact]
    public async Task Many_may_make_it_ready_at_once_and_again()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.EnsureReadyAsync(Cancel)));
        await Store.EnsureReadyAsync(Cancel);
        Assert.Empty(await ListAsync(Prefix));
    }

    [Fact]
    public async Task Cancelled_call_ends_as_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync(Prefix + "a", Bytes, "image/png", null, cancelled.Token));
    }

    private static async Task<byte[]> ReadAsync(StoredObject stored)
    {
        using var bytes = new MemoryStream();
        await stored.Content.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }

    private async Task<List<ObjectEntry>> ListAsync(string prefix)
    {
        var found = new List<ObjectEntry>();
        await foreach (var entry in Store.ListAsync(prefix, Cancel))
        {
            found.Add(entry);
        }
        return [.. found.OrderBy(entry => entry.Key, StringComparer.Ordinal)];
    }
}
