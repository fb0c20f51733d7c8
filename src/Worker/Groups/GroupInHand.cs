using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>A group that this worker was granted, from the claim to the last report of it: what is left of it, and how it is stopped.</summary>
public sealed class GroupInHand : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource handBack;
    private readonly HashSet<ImageInHand> begun = [];
    private IReadOnlyList<ImageInHand> asked = [];
    private CancellationTokenSource? call;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool disposed;

    /// <param name="command">What it came with.</param>
    /// <param name="granted">The command's images that the worker may draw.</param>
    /// <param name="stopping">Cancelled: it is handed back.</param>
    internal GroupInHand(RenderImages command, IEnumerable<ImageToRender> granted, CancellationToken stopping)
    {
        Model = command.Model;
        Checkpoint = command.Checkpoint;
        Images = [.. granted.Select(image => new ImageInHand(image, command.Settings))];
        handBack = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>As in <see cref="RenderImages.Checkpoint"/>.</summary>
    public string? Checkpoint { get; }

    /// <summary>Of the weights that it is drawn with.</summary>
    public string ModelHash { get; set; } = "";

    /// <summary>Done when all of it is reported.</summary>
    public Task Ended => ended.Task;

    /// <summary>All that were granted.</summary>
    public IReadOnlyList<ImageInHand> Images { get; }

    /// <summary>Whether what is left goes back to the coordinator.</summary>
    public bool IsHandedBack => handBack.IsCancellationRequested;

    /// <summary>What is left goes back, between two steps.</summary>
    public void HandBack()
    {
        lock (gate)
        {
            if (!disposed)
            {
                handBack.Cancel();
            }
        }
    }

    /// <summary>
    /// A call of the renderer begins. Its token is cancelled when the rest goes back, when nothing of it is wanted any more, and when
    /// some is not and the device has not begun.
    /// </summary>
    /// <param name="images">Those that are asked for.</param>
    /// <param name="abandoned">Cancels it, too.</param>
    internal CancellationToken BeginCall(IReadOnlyList<ImageInHand> images, CancellationToken abandoned)
    {
        lock (gate)
        {
            begun.Clear();
            asked = images;
            call = CancellationTokenSource.CreateLinkedTokenSource(handBack.Token, abandoned);
            return call.Token;
        }
    }

    /// <summary>The renderer is at this image.</summary>
    internal void Begun(ImageInHand image)
    {
        lock (gate)
        {
            begun.Add(image);
        }
    }

    /// <summary>The renderer is done, however it ended.</summary>
    internal void EndCall()
    {
        lock (gate)
        {
            call?.Dispose();
            call = null;
        }
    }

    /// <summary>Marks those of the attempts that are here. Drawing stops when nothing of it is wanted any more; a call that waits for the device
    /// is asked anew without them.</summary>
    internal void Cancel(IReadOnlySet<Guid> attempts)
    {
        lock (gate)
        {
            var cancelled = Images.Where(image => image.IsLeft && attempts.Contains(image.Image.AttemptId)).ToList();
            cancelled.ForEach(image => image.Cancelled = true);
            if (cancelled.Count > 0 && (begun.Count == 0 || !asked.Any(image => image.IsLeft)))
            {
                call?.Cancel();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            handBack.Dispose();
        }

        ended.TrySetResult();
    }
}
