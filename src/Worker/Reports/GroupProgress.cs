namespace StableDiffusion.Worker.Reports;

/// <summary>
/// Tells how far a group is, at most every <see cref="Reporter.ProgressInterval"/>. A step that comes while the last report is
/// still on its way is skipped: the newest wins, and a slow broker never slows the device.
/// </summary>
public sealed class GroupProgress(IReadOnlyList<ImageReports> images, Reporter reporter)
{
    private long last = reporter.Time.GetTimestamp();
    private Task sending = Task.CompletedTask;

    /// <summary>Called by the device's thread after each step.</summary>
    public void StepDone(int step)
    {
        if (!sending.IsCompleted || reporter.Time.GetElapsedTime(last) < reporter.ProgressInterval)
        {
            return;
        }
        last = reporter.Time.GetTimestamp();
        sending = Task.WhenAll(images.Select(image => image.ProgressedAsync(step)));
    }
}
