using System.Diagnostics;
using System.Security.Cryptography;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Files;

namespace StableDiffusion.Worker.Tests.Files;

public sealed class FileCacheTests : IDisposable
{
    private readonly Shelf shelf = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => shelf.Dispose();

    [Fact]
    public async Task What_is_pulled_lies_under_its_hash_and_is_not_pulled_again()
    {
        var part = shelf.Part("ink", Bytes(100_000));
        using (await shelf.Cache().HoldAsync([part], Cancel))
        {
            Assert.Equal(Bytes(100_000), await File.ReadAllBytesAsync(shelf.Cache().PathOf(part.Sha256), Cancel));
        }

        using var again = await shelf.Cache().HoldAsync([part], Cancel);

        Assert.Single(shelf.Reads);
        Assert.Empty(shelf.Kept("temporary"));
        Assert.Empty(shelf.Kept("locks"));
    }

    [Fact]
    public async Task A_corrupted_download_is_not_used_and_tried_again()
    {
        var part = shelf.Part("ink", Bytes(1000));
        var wrong = new Queue<Func<byte[], Stream>>([
            bytes => new MemoryStream([.. bytes[..500], (byte)~bytes[500], .. bytes[501..]]),
            bytes => new MemoryStream([.. bytes, 0]),
            bytes => new MemoryStream([.. bytes[..999], 0]),
            bytes => new MemoryStream([]),
        ]);
        shelf.Read = (_, bytes) => wrong.TryDequeue(out var damage) ? damage(bytes) : new MemoryStream(bytes);

        using var hold = await shelf.Cache().HoldAsync([part], Cancel);

        Assert.Equal([0, 0, 0, 0, 0], shelf.ReadFrom);
        Assert.Equal(part.Sha256, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(shelf.Cache().PathOf(part.Sha256), Cancel))));
        Assert.Equal([1, 3, 9, 20], shelf.Time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task A_download_that_breaks_off_is_gone_on_with()
    {
        var part = shelf.Part("ink", Bytes(1000));
        var breaks = new Queue<Func<byte[], Stream>>([bytes => new Breaking(bytes[..700]), bytes => new MemoryStream(bytes[..299])]);
        shelf.Read = (_, bytes) => breaks.TryDequeue(out var broken) ? broken(bytes) : new MemoryStream(bytes);

        using var hold = await shelf.Cache().HoldAsync([part], Cancel);

        Assert.Equal([0, 700, 999], shelf.ReadFrom);
        Assert.Equal(Bytes(1000), await File.ReadAllBytesAsync(shelf.Cache().PathOf(part.Sha256), Cancel));
        Assert.Empty(shelf.Kept("temporary"));
    }

    [Fact]
    public async Task A_download_that_broke_off_with_its_worker_is_gone_on_with_by_the_next_and_counts_as_what_it_will_be()
    {
        var part = shelf.Part("ink", Bytes(1000));
        using var stop = new CancellationTokenSource();
        shelf.Read = (_, bytes) => new Breaking(bytes[..700]) { AtEnd = stop.Cancel };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shelf.Cache().HoldAsync([part], stop.Token));
        Assert.Single(shelf.Kept("temporary"));
        Assert.False(shelf.Cache(bytes: 1200).HasRoom([shelf.Part("other", Bytes(300, 1))]));
        Assert.True(shelf.Cache(bytes: 1200).HasRoom([part, shelf.Part("other", Bytes(200, 1))]));
        shelf.Read = (_, bytes) => new MemoryStream(bytes);

        var next = shelf.Cache();
        next.Clean();
        using var hold = await next.HoldAsync([part], Cancel);

        Assert.Equal([0, 700], shelf.ReadFrom);
    }

    [Fact]
    public async Task A_store_that_gives_nothing_leaves_nothing()
    {
        var part = shelf.Part("ink", Bytes(1000));
        shelf.Read = (_, _) => new Breaking([]);

        await Assert.ThrowsAsync<ObjectStoreException>(() => shelf.Cache().HoldAsync([part], Cancel));

        Assert.Empty(shelf.Kept("temporary"));
    }

    [Fact]
    public async Task A_rest_of_another_content_is_found_out_and_all_is_fetched_anew()
    {
        var part = shelf.Part("ink", Bytes(1000));
        var breaks = new Queue<Func<byte[], Stream>>([bytes => new Breaking(bytes[..700]), _ => new MemoryStream(Bytes(300, 9))]);
        shelf.Read = (_, bytes) => breaks.TryDequeue(out var broken) ? broken(bytes) : new MemoryStream(bytes);

        using var hold = await shelf.Cache().HoldAsync([part], Cancel);

        Assert.Equal([0, 700, 0], shelf.ReadFrom);
    }

    [Fact]
    public async Task What_broke_off_makes_room_before_what_is_whole()
    {
        FilePart[] parts = [.. Enumerable.Range(0, 3).Select(i => shelf.Part($"{i}", Bytes(400, (byte)i)))];
        var cache = shelf.Cache(bytes: 1000);
        (await cache.HoldAsync(parts[..1], Cancel)).Dispose();
        shelf.Read = (key, bytes) => key.EndsWith('1') ? new Breaking(bytes[..10]) : new MemoryStream(bytes);
        await Assert.ThrowsAsync<ObjectStoreException>(() => cache.HoldAsync(parts[1..2], Cancel));
        Assert.Single(shelf.Kept("temporary"));

        (await cache.HoldAsync(parts[2..], Cancel)).Dispose();

        Assert.Equal(new[] { parts[0].Sha256, parts[2].Sha256 }.Order(StringComparer.Ordinal), shelf.Kept());
        Assert.Empty(shelf.Kept("temporary"));
    }

    [Fact]
    public async Task A_file_that_rotted_on_the_disk_is_found_out_by_the_next_process_and_pulled_again()
    {
        var part = shelf.Part("ink", Bytes(1000));
        (await shelf.Cache().HoldAsync([part], Cancel)).Dispose();
        await File.WriteAllBytesAsync(shelf.Cache().PathOf(part.Sha256), [.. Bytes(999), 0], Cancel);

        using var hold = await shelf.Cache().HoldAsync([part], Cancel);

        Assert.Equal(2, shelf.Reads.Count);
        Assert.Equal(Bytes(1000), await File.ReadAllBytesAsync(shelf.Cache().PathOf(part.Sha256), Cancel));
    }

    [Fact]
    public async Task What_stays_corrupted_is_an_error_and_leaves_nothing()
    {
        var part = shelf.Part("ink", Bytes(1000));
        shelf.Read = (_, _) => new MemoryStream(Bytes(1000, 7));

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => shelf.Cache().HoldAsync([part], Cancel));

        Assert.Contains(part.Sha256, error.Message, StringComparison.Ordinal);
        Assert.Empty(shelf.Kept());
        Assert.Empty(shelf.Kept("temporary"));
    }

    [Fact]
    public async Task What_was_not_used_for_longest_makes_room()
    {
        FilePart[] parts = [.. Enumerable.Range(0, 4).Select(i => shelf.Part($"{i}", Bytes(300, (byte)i)))];
        var cache = shelf.Cache(bytes: 1000);
        foreach (var index in new[] { 0, 1, 2, 0, 3 })
        {
            shelf.Time.Advance(TimeSpan.FromMinutes(1));
            (await cache.HoldAsync([parts[index]], Cancel)).Dispose();
        }

        Assert.Equal(new[] { parts[0], parts[2], parts[3] }.Select(part => part.Sha256).Order(StringComparer.Ordinal), shelf.Kept());
    }

    [Fact]
    public async Task What_is_in_use_is_not_dropped_and_what_does_not_fit_beside_it_is_an_error()
    {
        FilePart[] parts = [.. Enumerable.Range(0, 3).Select(i => shelf.Part($"{i}", Bytes(400, (byte)i)))];
        var cache = shelf.Cache(bytes: 1000);
        using (await cache.HoldAsync(parts[..2], Cancel))
        {
            var error = await Assert.ThrowsAsync<IOException>(() => shelf.Cache(bytes: 1000).HoldAsync([parts[2]], Cancel)); // another worker's
            Assert.Contains("raise Worker:CacheBytes", error.Message, StringComparison.Ordinal);
            Assert.Equal(2, shelf.Kept().Count);
        }

        using var hold = await cache.HoldAsync([parts[2]], Cancel);
        Assert.Equal(2, shelf.Kept().Count);
    }

    [Fact]
    public async Task A_disk_that_is_nearly_full_is_relieved_of_what_is_not_in_use_and_what_does_not_fit_then_is_an_error_before_anything_is_fetched()
    {
        FilePart[] parts = [.. Enumerable.Range(0, 3).Select(i => shelf.Part($"{i}", Bytes(400, (byte)i)))];
        (await shelf.Cache().HoldAsync(parts[..1], Cancel)).Dispose();
        using (await shelf.Cache(diskSpace: 100).HoldAsync(parts[1..2], Cancel))
        {
            Assert.Equal([parts[1].Sha256], shelf.Kept());
            var error = await Assert.ThrowsAsync<IOException>(() => shelf.Cache(diskSpace: 100).HoldAsync(parts[2..], Cancel));
            Assert.Contains("do not fit on the disk", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, shelf.Reads.Count);
    }

    [Fact]
    public async Task A_lock_of_another_process_keeps_a_file()
    {
        FilePart[] parts = [shelf.Part("0", Bytes(600)), shelf.Part("1", Bytes(600, 1))];
        var cache = shelf.Cache(bytes: 1000);
        (await cache.HoldAsync([parts[0]], Cancel)).Dispose();
        var start = new ProcessStartInfo("flock") { RedirectStandardOutput = true };
        foreach (var argument in new[] { "--shared", "--no-fork", cache.PathOf(parts[0].Sha256), "sh", "-c", "echo locked; exec sleep 60" })
        {
            start.ArgumentList.Add(argument);
        }

        using (var other = Process.Start(start)!)
        {
            Assert.Equal("locked", await other.StandardOutput.ReadLineAsync(Cancel));
            await Assert.ThrowsAsync<IOException>(() => cache.HoldAsync([parts[1]], Cancel));
            other.Kill(); // as a worker dies
            await other.WaitForExitAsync(Cancel);
        }

        using var hold = await cache.HoldAsync([parts[1]], Cancel);
        Assert.Equal([parts[1].Sha256], shelf.Kept());
    }

    [Fact]
    public async Task Two_workers_that_want_the_same_pull_it_once()
    {
        var part = shelf.Part("ink", Bytes(1000));
        var hold = new TaskCompletionSource();
        shelf.Read = (_, bytes) => new Held(bytes, hold.Task);
        var first = shelf.Cache().HoldAsync([part], Cancel);
        Assert.Single(shelf.Kept("temporary"));
        var second = Task.Run(() => shelf.Cache().HoldAsync([part], Cancel), Cancel);
        while (shelf.Time.Waits.IsEmpty)
        {
            await Task.Yield(); // until the second has found the first at it
        }

        hold.SetResult();
        (await first).Dispose();
        (await second).Dispose();

        Assert.Single(shelf.Reads);
        Assert.Equal([part.Sha256], shelf.Kept());
    }

    [Fact]
    public async Task A_start_removes_what_dead_workers_left_half_written_long_ago_and_nothing_else()
    {
        var part = shelf.Part("ink", Bytes(1000));
        (await shelf.Cache().HoldAsync([part], Cancel)).Dispose();
        var dead = Path.Combine(shelf.Folder, "temporary", "dead");
        await File.WriteAllTextAsync(dead, "half", Cancel);
        File.SetLastWriteTimeUtc(dead, shelf.Time.GetUtcNow().UtcDateTime.AddHours(-25));
        await File.WriteAllTextAsync(Path.Combine(shelf.Folder, "locks", "dead"), "", Cancel);
        await using var living = new FileStream(Path.Combine(shelf.Folder, "temporary", "living"), FileMode.CreateNew, FileAccess.Write, FileShare.None);

        shelf.Cache().Clean();

        Assert.Equal(["living"], shelf.Kept("temporary"));
        Assert.Empty(shelf.Kept("locks"));
        Assert.Equal([part.Sha256], shelf.Kept());
    }

    private static byte[] Bytes(int count, byte seed = 0) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7 + seed))];

    private sealed class Breaking(byte[] bytes) : MemoryStream(bytes)
    {
        public Action AtEnd { get; init; } = () => { };

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length)
            {
                return base.ReadAsync(buffer, cancellationToken);
            }

            AtEnd();
            throw new IOException("connection reset");
        }
    }

    private sealed class Held(byte[] bytes, Task until) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await until;
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
