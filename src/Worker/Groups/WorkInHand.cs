using System.Collections.Concurrent;

namespace StableDiffusion.Worker.Groups;

/// <summary>The attempts this worker has taken up and not yet reported the end of, and whether it still takes up more.</summary>
public sealed class WorkInHand : IDisposable
{
    private readonly ConcurrentDictionary<Guid, byte> attempts = new();
    private readonly ConcurrentDictionary<Task, byte> kept = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource abandoned = new();

    /// <summary>Cancelled when the worker shuts down: work goes back between two steps.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>
    /// Cancelled when the time for shutting down is over: reports that the broker has not taken by then are given up. Work
    /// hangs on this and not on the token of the message's delivery, which ends with the connection to the broker: a picture
    /// that was begun is finished, stored and reported when the broker is back.
    /// </summary>
    public CancellationToken Abandoned => abandoned.Token;

    /// <summary>For the heartbeat, which renews their leases.</summary>
    public IReadOnlyList<Guid> Attempts => [.. attempts.Keys];

    /// <summary>Whether the attempt is being worked on here, so that a second delivery of it means nothing.</summary>
    public bool Holds(Guid attempt) => attempts.ContainsKey(attempt);

    /// <summary>Takes up attempts, until the result is disposed.</summary>
    public IDisposable Take(IReadOnlyList<Guid> taken)
    {
        foreach (var attempt in taken)
        {
            attempts.TryAdd(attempt, 0);
        }
        return new Taken(this, taken);
    }

    /// <summary>Work that outlives the delivery it came with.</summary>
    public void Keep(Task work)
    {
        kept.TryAdd(work, 0);
        work.ContinueWith(done => kept.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Returns when the work that was kept is done.</summary>
    public Task KeptAsync() => Task.WhenAll(kept.Keys);

    /// <summary>From now on everything is handed back.</summary>
    public Task StopAsync() => stopping.CancelAsync();

    /// <summary>Nothing is waited for any more.</summary>
    public void Abandon() => abandoned.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Dispose();
        abandoned.Dispose();
    }

    private sealed class Taken(WorkInHand hand, IReadOnlyList<Guid> taken) : IDisposable
    {
        public void Dispose()
        {
            foreach (var attempt in taken)
            {
                hand.attempts.TryRemove(attempt, out _);
            }
        }
    }
}
