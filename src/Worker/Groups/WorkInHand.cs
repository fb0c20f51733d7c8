using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Groups;

/// <summary>The groups this worker was granted and has not yet reported the end of, and whether it takes up more.</summary>
public sealed class WorkInHand(TimeProvider time, IOptions<WorkerOptions> options) : IDisposable
{
    private const int Afterglow = 2; // in beats: so long after its end a beat may be there before the report
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1); // so long after its end a delivery that comes again is known

    private readonly ConcurrentDictionary<GroupInHand, byte> groups = new();
    private readonly ConcurrentDictionary<Guid, bool> attempts = new(); // whether it is in hand still
    private readonly ConcurrentQueue<(long At, Guid[] Attempts)> ended = new();
    private readonly Lock forgetting = new();
    private readonly ConcurrentDictionary<Task, byte> kept = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource abandoned = new();
    private CancellationTokenSource refusing = new();

    /// <summary>Cancelled when the worker shuts down: work goes back between two steps.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Cancelled while nothing new is taken: the worker drains, or shuts down.</summary>
    public CancellationToken Refusing => Volatile.Read(ref refusing).Token;

    /// <summary>
    /// Cancelled when the time for shutting down is over: reports that the broker has not taken by then are given up. Work
    /// hangs on this and not on the token of the message's delivery, which ends with the connection to the broker: a picture
    /// that was begun is finished, stored and reported when the broker is back.
    /// </summary>
    public CancellationToken Abandoned => abandoned.Token;

    /// <summary>Raised when the first group is taken up, when the last is done, and when drain begins or ends.</summary>
    public event Action Changed = () => { };

    /// <summary>Whether there is any group.</summary>
    public bool Any => !groups.IsEmpty;

    /// <summary>Whether the worker drains.</summary>
    public bool Draining => Refusing.IsCancellationRequested && !Stopping.IsCancellationRequested;

    /// <summary>For the heartbeat.</summary>
    public IReadOnlyList<Guid> Attempts => [.. attempts.Where(attempt => attempt.Value).Select(attempt => attempt.Key)];

    /// <summary>Attempts whose end was reported just now.</summary>
    public IReadOnlyList<Guid> Reported
    {
        get
        {
            Forget();
            return [.. ended.Where(group => time.GetElapsedTime(group.At) < Afterglow * options.Value.HeartbeatInterval).SelectMany(group => group.Attempts)];
        }
    }

    /// <summary>Whether the attempt is or was in the last minute worked on here, so that a second delivery of it means nothing.</summary>
    public bool Holds(Guid attempt) => attempts.ContainsKey(attempt);

    /// <summary>Whether a group of the model is here.</summary>
    public bool HoldsModel(string model) => groups.Keys.Any(group => group.Model == model);

    /// <summary>Returns when the groups of the model that are here now are reported.</summary>
    public Task EndedAsync(string model) => Task.WhenAll(groups.Keys.Where(group => group.Model == model).Select(group => group.Ended));

    /// <summary>Takes up a group; <see cref="Drop"/> ends it.</summary>
    public GroupInHand Take(RenderImages command, IEnumerable<ImageToRender> granted)
    {
        ArgumentNullException.ThrowIfNull(command);
        var group = new GroupInHand(command, granted, Stopping);
        foreach (var image in group.Images)
        {
            attempts.TryAdd(image.Image.AttemptId, true);
        }

        var first = groups.IsEmpty;
        groups.TryAdd(group, 0);
        if (first)
        {
            Changed();
        }

        return group;
    }

    /// <summary>All of the group is reported.</summary>
    public void Drop(GroupInHand group)
    {
        ArgumentNullException.ThrowIfNull(group);
        groups.TryRemove(group, out _);
        group.Dispose();
        Guid[] done = [.. group.Images.Select(image => image.Image.AttemptId)];
        ended.Enqueue((time.GetTimestamp(), done)); // first, so that no beat between the two leaves them out
        foreach (var attempt in done)
        {
            attempts[attempt] = false;
        }

        Forget();
        if (groups.IsEmpty)
        {
            Changed();
        }
    }

    /// <summary>The attempts do not count any more.</summary>
    public void Cancel(IReadOnlySet<Guid> cancelled)
    {
        foreach (var group in groups.Keys)
        {
            group.Cancel(cancelled);
        }
    }

    /// <summary>What is not drawn yet goes back.</summary>
    public void HandBack()
    {
        foreach (var group in groups.Keys)
        {
            group.HandBack();
        }
    }

    /// <summary>Work that outlives the delivery it came with.</summary>
    public void Keep(Task work)
    {
        kept.TryAdd(work, 0);
        work.ContinueWith(done => kept.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Returns when the work that was kept is done.</summary>
    public Task KeptAsync() => Task.WhenAll(kept.Keys);

    /// <summary>From now on nothing is taken, until <see cref="Accept"/>.</summary>
    public async Task RefuseAsync()
    {
        await Volatile.Read(ref refusing).CancelAsync().ConfigureAwait(false);
        Changed();
    }

    /// <summary>From now on work is taken again.</summary>
    public void Accept()
    {
        if (Draining)
        {
            Volatile.Write(ref refusing, new CancellationTokenSource()); // the old one has no timer, and may still be looked at
            Changed();
        }
    }

    /// <summary>From now on everything is handed back.</summary>
    public async Task StopAsync()
    {
        await RefuseAsync().ConfigureAwait(false); // first: what is handed back makes room, and nothing shall take it
        await stopping.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Nothing is waited for any more.</summary>
    public void Abandon() => abandoned.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Dispose();
        abandoned.Dispose();
        refusing.Dispose();
    }

    private void Forget()
    {
        lock (forgetting) // or one would take out what another looked at
        {
            while (ended.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Remembered)
            {
                ended.TryDequeue(out _);
                foreach (var attempt in oldest.Attempts)
                {
                    attempts.TryRemove(attempt, out _);
                }
            }
        }
    }
}
