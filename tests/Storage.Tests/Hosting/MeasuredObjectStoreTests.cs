using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using StableDiffusion.Storage.Folders;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Storage.Tests.Hosting;

/// <summary>It is a store like the one in it, and counts.</summary>
public sealed class MeasuredObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("measured-").FullName;

    private readonly MeasuredObjectStore store;

    public MeasuredObjectStoreTests() => store = new MeasuredObjectStore(new FolderObjectStore(folder, TimeProvider.System));

    protected override IObjectStore Store => store;

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_done_is_timed_and_what_fails_is_counted_by_its_operation()
    {
        var told = new ConcurrentBag<(string Name, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == MeasuredObjectStore.MeterName)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => told.Add((instrument.Name, Text(tags))));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => told.Add((instrument.Name, Text(tags))));
        listener.Start();
        await store.PutAsync("a/b.png", new byte[1], "image/png", metadata: null, Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "", Cancel);
        using var broken = new MeasuredObjectStore(new FolderObjectStore(Path.Combine(folder, "file"), TimeProvider.System));

        await Assert.ThrowsAsync<ObjectStoreException>(() => broken.PutAsync("a/b.png", new byte[1], "image/png", metadata: null, Cancel));

        Assert.Contains(("farm.objects.duration", "operation=put"), told);
        Assert.Contains(told, one => one.Name == "farm.objects.errors" && one.Tags.StartsWith("operation=put,transient=", StringComparison.Ordinal));
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
}
