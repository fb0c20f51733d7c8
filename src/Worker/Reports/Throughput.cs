namespace StableDiffusion.Worker.Reports;

/// <summary>Images a second while there was work, the last minute counting most.</summary>
public sealed class Throughput(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private long until = long.MinValue;
    private double images, seconds;

    /// <summary>A moment, for <see cref="Add"/>.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Time since then.</summary>
    public TimeSpan Since(long moment) => time.GetElapsedTime(moment);

    /// <summary>Null before the first.</summary>
    public double? ImagesPerSecond
    {
        get
        {
            lock (gate)
            {
                return seconds > 0 ? images / seconds : null;
            }
        }
    }

    /// <summary>A group is done.</summary>
    /// <param name="drawn">Its pictures.</param>
    /// <param name="since">When it was taken up. Time that it shared with groups before it counts once.</param>
    public void Add(int drawn, long since)
    {
        lock (gate)
        {
            long now = Now;
            var span = time.GetElapsedTime(Math.Max(since, until), now);
            until = now;
            var kept = Math.Exp(-span / Memory);
            images = (images * kept) + drawn;
            seconds = (seconds * kept) + span.TotalSeconds;
        }
    }
}
