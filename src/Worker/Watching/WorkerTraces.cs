using System.Diagnostics;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Watching;

/// <summary>What a worker adds to the trace of the request that asked for an image: claiming, drawing and storing it.</summary>
public static class WorkerTraces
{
    /// <summary>The source's name.</summary>
    public const string Name = "StableDiffusion.Worker";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Images were claimed, by now.</summary>
    /// <param name="images">Those that were granted.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="began">When they were asked for.</param>
    public static void Claimed(IEnumerable<ImageToRender> images, string worker, DateTimeOffset began)
    {
        if (Source.HasListeners())
        {
            foreach (var image in images)
            {
                using var span = Start("image.claim", ActivityKind.Client, image, began);
                span?.SetTag("farm.worker", worker);
            }
        }
    }

    /// <summary>The image was drawn, by now.</summary>
    /// <param name="image">The image.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="model">The model.</param>
    /// <param name="time">How long the device was at work for it.</param>
    public static void Rendered(ImageToRender image, string worker, string model, TimeSpan time)
    {
        var now = DateTimeOffset.UtcNow;
        using var span = Start("image.render", ActivityKind.Internal, image, now - time);
        span?.SetTag("farm.worker", worker).SetTag("farm.model", model).SetEndTime(now.UtcDateTime);
    }

    /// <summary>The picture is being encoded and stored, until the result is disposed.</summary>
    public static Activity? Storing(ImageToRender image) => Start("image.store", ActivityKind.Client, image, default);

    /// <summary>What the coordinator goes on from when it takes the picture in; null where nobody looks.</summary>
    public static string? Next(ImageToRender image, Activity? storing) =>
        storing is { Recorded: true } ? storing.Id
        : ActivityContext.TryParse(image.TraceParent, null, out var parent) && parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? image.TraceParent : null;

    private static Activity? Start(string name, ActivityKind kind, ImageToRender image, DateTimeOffset start) =>
        ActivityContext.TryParse(image.TraceParent, null, isRemote: true, out var parent)
            ? Source.StartActivity(name, kind, parent, startTime: start)?
                .SetTag("farm.batch", image.BatchId).SetTag("farm.image", image.ImageId).SetTag("farm.attempt", image.AttemptId)
            : null;
}
