using System.Globalization;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Worker.Models;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Files;

/// <summary>Whether a registered checkpoint can ever be held by a worker, as far as its sizes tell before it is pulled.</summary>
internal static class CheckpointFit
{
    /// <summary>Why it is too large, and what to do; null where it is not.</summary>
    /// <param name="checkpoint">As it is registered.</param>
    /// <param name="room">Where its weights would be.</param>
    /// <param name="cacheBytes">Most bytes in the cache.</param>
    public static string? Fault(IndexedFile checkpoint, ModelRoom room, long cacheBytes)
    {
        var files = CheckpointParts.Needed(checkpoint, room.Dtype).Sum(part => part.Bytes);
        return files > cacheBytes ? $"its files take {Size(files)}, and this worker's cache holds {Size(cacheBytes)}: raise Worker:CacheBytes"
            : Weights(checkpoint, room) is { } weights && weights > room.Bytes
                ? $"its weights take {Size(weights)} in {room.Dtype.ToString().ToLowerInvariant()}, and {room.Place} has {Size(room.Bytes.Value)}: {Fix(weights, room)}"
            : null;
    }

    /// <summary>Bytes of its weights where they are drawn with; null where it was registered by a version that did not count them.</summary>
    public static long? Weights(IndexedFile checkpoint, ModelRoom room)
    {
        var weights = CheckpointParts.Needed(checkpoint, room.Dtype).Where(part => part.Path.EndsWith(FileName.Weights, StringComparison.Ordinal)).ToList();
        return weights.TrueForAll(part => part.Parameters is not null) ? weights.Sum(part => part.Parameters!.Value) * room.WeightBytes : null;
    }

    /// <summary>As people read it.</summary>
    public static string Size(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB");

    private static string Fix(long weights, ModelRoom room) =>
        room.Dtype == ScalarType.Float32 && weights / 2 <= room.Bytes ? $"set Worker:Dtype to {(room.MayOffload ? "float16" : "bfloat16")}"
        : room.MayOffload ? "set Worker:Memory:OffloadModels to true, which keeps them in main memory and each network on the GPU only while it works"
        : "it wants a worker with more memory";
}
