using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Finds names that two processes have at once: their beats tell by turns that they began at one time and at another, where one that ended and began
/// anew never goes back. What one of them does not name, the other may be drawing.</summary>
public sealed partial class Namesakes(TimeProvider time, ILogger<Namesakes> logger)
{
    private const int Turns = 2; // one may be a beat that was long in the making
    private const int Most = 10_000;
    private static readonly TimeSpan Same = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Known> known = [];

    /// <summary>Takes a beat in; whether two processes have its worker's name.</summary>
    public bool Has(WorkerBeat beat)
    {
        if (beat.Age is not { } age)
        {
            return false;
        }

        var (now, began) = (time.GetUtcNow(), beat.Timestamp - age);
        lock (gate)
        {
            if (!known.TryGetValue(beat.WorkerId, out var worker))
            {
                Forget(now);
                known[beat.WorkerId] = worker = new Known { Began = began, Other = began };
            }
            else if (beat.Timestamp > worker.Newest && (began - worker.Began).Duration() > Same) // an older one came late
            {
                var turns = (began - worker.Other).Duration() > Same ? 0 : worker.Turns + 1;
                (worker.Other, worker.Began, worker.Turns, worker.TurnedAt) = (worker.Began, began, turns, now);
                if (turns == Turns)
                {
                    LogTwo(beat.WorkerId);
                }
            }

            (worker.Newest, worker.SeenAt) = (beat.Timestamp > worker.Newest ? beat.Timestamp : worker.Newest, now);
            return worker.Turns >= Turns && now - worker.TurnedAt < Remembered;
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var id in known.Count < Most ? [] : known.Where(worker => now - worker.Value.SeenAt > Remembered).Select(worker => worker.Key).ToList())
        {
            known.Remove(id);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Two processes call themselves worker {WorkerId}: leave Worker:Id out, or give each a name of its own")]
    private partial void LogTwo(string workerId);

    private sealed class Known
    {
        public required DateTimeOffset Began { get; set; }

        public required DateTimeOffset Other { get; set; }

        public DateTimeOffset Newest { get; set; }

        public DateTimeOffset SeenAt { get; set; }

        public DateTimeOffset TurnedAt { get; set; }

        public int Turns { get; set; }
    }
}
