using System.Diagnostics;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>What a coordinator adds to the trace of the request that asked for an image: <c>image.dispatch</c>, from which the worker's spans go on,
/// and <c>image.commit</c>, which goes on from them. Costs nothing where nobody listens.</summary>
internal static class FarmTraces
{
    /// <summary>The source's name.</summary>
    public const string Name = "StableDiffusion.Farm";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A group is handed to the broker, until the result is disposed.</summary>
    public static Dispatch? Dispatching(TakenImage[] group, string model) => Source.HasListeners() ? new Dispatch(group, model) : null;

    /// <summary>A report was taken in, by now.</summary>
    /// <param name="traceParents">What the worker told, by attempt.</param>
    /// <param name="moved">The images whose end it was.</param>
    /// <param name="outcome">As in the attempt's row.</param>
    /// <param name="began">When the taking in did.</param>
    public static void Committed(IEnumerable<(Guid Attempt, string? TraceParent)> traceParents, IReadOnlyList<MovedImage> moved, string outcome, DateTimeOffset began)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        var parents = traceParents.DistinctBy(told => told.Attempt).ToDictionary(told => told.Attempt, told => told.TraceParent);
        foreach (var image in moved)
        {
            using var span = Start("image.commit", ActivityKind.Consumer, parents.GetValueOrDefault(image.AttemptId ?? default), image.BatchId, image.Id, image.AttemptId, began);
            span?.SetTag("farm.worker", image.WorkerId).SetTag("farm.outcome", outcome);
        }
    }

    // nothing of one's own: what the coordinator does by itself is of no request's trace
    private static Activity? Start(string name, ActivityKind kind, string? traceParent, Guid batch, Guid image, Guid? attempt, DateTimeOffset start) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Source.StartActivity(name, kind, parent, startTime: start)?.SetTag("farm.batch", batch).SetTag("farm.image", image).SetTag("farm.attempt", attempt)
            : null;

    /// <summary>The spans of a group's images.</summary>
    internal sealed class Dispatch : IDisposable
    {
        private readonly Dictionary<Guid, Activity> spans = [];

        public Dispatch(TakenImage[] group, string model)
        {
            var current = Activity.Current;
            foreach (var image in group)
            {
                if (Start("image.dispatch", ActivityKind.Producer, image.TraceParent, image.BatchId, image.Id, image.AttemptId, default) is { } span)
                {
                    spans.Add(image.Id, span.SetTag("farm.model", model));
                }
            }

            Activity.Current = current;
        }

        /// <summary>What the worker goes on from; null where the image is not traced.</summary>
        public string? Of(TakenImage image) => spans.GetValueOrDefault(image.Id)?.Id;

        public void Dispose()
        {
            foreach (var span in spans.Values)
            {
                span.Dispose();
            }
        }
    }
}
