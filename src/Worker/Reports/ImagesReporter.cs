using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Reports;

/// <summary>
/// Gathers what became of images into few messages: one leaves when a group has ended, when it is full, or a moment after its
/// first entry. One message is under way at a time. Ends are tried, in their order, until the broker has them; there are never
/// more of them than images in hand, which bounds what waits here. Of an attempt's progress only the latest waits, and it is
/// dropped where it does not get through.
/// </summary>
public sealed class ImagesReporter(Reporter reporter, WorkInHand inHand, TimeProvider time, IOptions<WorkerOptions> options)
{
    /// <summary>Entries of one message, at most.</summary>
    public const int Most = 256;

    private static readonly TimeSpan ProgressPatience = TimeSpan.FromSeconds(3);
    private readonly Lock gate = new();
    private readonly Queue<Ends> waiting = new();
    private readonly Dictionary<Guid, ImageProgressed> progress = [];
    private TaskCompletionSource due = NewSource();
    private Task last = Task.CompletedTask; // of the newest message with ends
    private Ends? open;
    private bool sending;

    /// <summary>The PNG is stored, whole.</summary>
    public void Rendered(ImageRendered image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Add(image.AttemptId, ends => ends.Rendered.Add(image));
    }

    /// <summary>No picture came of it.</summary>
    /// <param name="image">The attempt.</param>
    /// <param name="failure">Why.</param>
    /// <param name="traceParent">The trace that it belongs to.</param>
    public void Failed(AttemptReference image, Failure failure, string? traceParent = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(failure);
        WorkerMeter.Failed(failure.Kind);
        Add(image.AttemptId, ends => ends.Failed.Add(new ImageFailed
        {
            ImageId = image.ImageId, AttemptId = image.AttemptId, Reason = failure.Reason, Retryable = failure.Retryable, Kind = failure.Kind, TraceParent = traceParent,
        }));
    }

    /// <summary>Handed back undrawn.</summary>
    public void Returned(AttemptReference image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Add(image.AttemptId, ends => ends.Returned.Add(image));
    }

    /// <summary>On its way.</summary>
    public void Progressed(ImageProgressed image)
    {
        ArgumentNullException.ThrowIfNull(image);
        lock (gate)
        {
            progress[image.AttemptId] = image;
            Send();
        }
    }

    /// <summary>Sends what there is at once; returns when the broker has every end that was told before.</summary>
    public Task FlushAsync()
    {
        lock (gate)
        {
            if (waiting.Count > 0)
            {
                due.TrySetResult();
            }

            return last;
        }
    }

    private void Add(Guid attempt, Action<Ends> entry)
    {
        lock (gate)
        {
            progress.Remove(attempt);
            if (open is null)
            {
                waiting.Enqueue(open = new Ends());
                last = open.Sent.Task;
            }

            entry(open);
            if (++open.Count == Most)
            {
                open = null;
                due.TrySetResult();
            }

            Send();
        }
    }

    private void Send()
    {
        if (!sending)
        {
            sending = true;
            _ = Task.Run(SendAsync); // its errors are the tasks' of the messages
        }
    }

    private async Task SendAsync()
    {
        while (true)
        {
            await Task.WhenAny(due.Task, Task.Delay(options.Value.ReportDelay, time, inHand.Abandoned)).ConfigureAwait(false);
            Ends? ends;
            IReadOnlyList<ImageProgressed> news;
            lock (gate)
            {
                if (waiting.TryDequeue(out ends) && ends == open)
                {
                    open = null;
                }

                news = [.. progress.Values.Take(Most - (ends?.Count ?? 0))];
                foreach (var image in news)
                {
                    progress.Remove(image.AttemptId);
                }

                if (waiting.Count == 0)
                {
                    due = NewSource();
                }
            }

            await SendAsync(ends, news).ConfigureAwait(false);
            lock (gate)
            {
                if (waiting.Count == 0 && progress.Count == 0)
                {
                    sending = false;
                    return;
                }
            }
        }
    }

    private async Task SendAsync(Ends? ends, IReadOnlyList<ImageProgressed> news)
    {
        var report = new ImagesReported
        {
            WorkerId = options.Value.Id,
            Timestamp = time.GetUtcNow(),
            Rendered = ends?.Rendered ?? [],
            Failed = ends?.Failed ?? [],
            Returned = ends?.Returned ?? [],
            Progressed = news,
        };
        try
        {
            if (ends is not null)
            {
                await reporter.SendAsync(Queues.Images, report, inHand.Abandoned).ConfigureAwait(false);
                ends.Sent.SetResult();
            }
            else if (news.Count > 0)
            {
                await reporter.TrySendAsync(Queues.Images, report, ProgressPatience, inHand.Abandoned).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException error)
        {
            ends?.Sent.TrySetCanceled(error.CancellationToken);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A message's entries that must arrive.</summary>
    private sealed class Ends
    {
        public List<ImageRendered> Rendered { get; } = [];

        public List<ImageFailed> Failed { get; } = [];

        public List<AttemptReference> Returned { get; } = [];

        public int Count { get; set; }

        public TaskCompletionSource Sent { get; } = NewSource();
    }
}
