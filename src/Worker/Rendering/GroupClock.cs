using System.Diagnostics;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// Tells which of a group's images are being drawn, each once, and how long each took. Images that share the network's calls start
/// together and share the time until the first of them is handed out.
/// </summary>
internal sealed class GroupClock
{
    private readonly Action<int> started;
    private readonly HashSet<int> drawing = [];
    private readonly HashSet<int> told = [];
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan steps;
    private TimeSpan share;

    /// <summary>Tells the first image at once.</summary>
    public GroupClock(Action<int> started)
    {
        this.started = started;
        Start(0);
    }

    /// <summary>An image has a step behind it.</summary>
    public void StepDone(int image)
    {
        Start(image);
        steps = clock.Elapsed;
    }

    /// <summary>An image is drawn. How long the device was at work for it.</summary>
    public TimeSpan Rendered(int image)
    {
        Start(image); // one without steps is told of only now
        share = steps > TimeSpan.Zero ? steps / drawing.Count : share;
        var time = share + clock.Elapsed - steps;
        drawing.Remove(image);
        steps = TimeSpan.Zero;
        clock.Restart();
        return time;
    }

    private void Start(int image)
    {
        if (told.Add(image))
        {
            drawing.Add(image);
            started(image);
        }
    }
}
