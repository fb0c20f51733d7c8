using System.Collections;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Watching;

/// <summary>Which image a line of the log is about, for every line that is written within.</summary>
internal sealed class ImageScope : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly KeyValuePair<string, object?>[] ids;

    private ImageScope(ImageToRender image, string worker)
    {
        var trace = ActivityContext.TryParse(image.TraceParent, null, out var parent) ? parent.TraceId.ToString() : null;
        ids = [new("BatchId", image.BatchId), new("ImageId", image.ImageId), new("AttemptId", image.AttemptId), new("WorkerId", worker), new("TraceId", trace)];
    }

    public int Count => ids.Length;

    public KeyValuePair<string, object?> this[int index] => ids[index];

    /// <summary>Lasts until it is disposed.</summary>
    public static IDisposable? Begin(ILogger logger, ImageToRender image, string worker) => logger.BeginScope(new ImageScope(image, worker));

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => ids.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Join(", ", ids.Select(id => $"{id.Key} {id.Value}"));
}
