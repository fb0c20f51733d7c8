using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Attempts that workers are at; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageProgress(ImageTransitions transitions, TimeProvider time, IOptions<ImageOptions> options)
{
    /// <summary>A worker took the image up. False: not news of the current attempt.</summary>
    public Task<bool> StartAsync(ImageStarted report, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return transitions.TransitAsync(
            transitions.Current(report.ImageId, report.AttemptId).Where(image => image.State == ImageState.Dispatched),
            report.AttemptId,
            image => image
                .SetProperty(i => i.State, ImageState.Rendering)
                .SetProperty(i => i.WorkerId, report.WorkerId)
                .SetProperty(i => i.StartedAt, now)
                .SetProperty(i => i.LeaseUntil, now + options.Value.RenderLease),
            attempt => attempt
                .SetProperty(a => a.State, AttemptState.Rendering)
                .SetProperty(a => a.WorkerId, report.WorkerId)
                .SetProperty(a => a.StartedAt, now),
            cancellationToken);
    }

    /// <summary>Notes the steps done and renews the lease. False: late, or not of the current attempt.</summary>
    public async Task<bool> ProgressAsync(ImageProgressed report, CancellationToken cancellationToken)
    {
        var lease = time.GetUtcNow() + options.Value.RenderLease;
        return await transitions.Current(report.ImageId, report.AttemptId)
            .Where(image => image.State == ImageState.Rendering && image.Sequence < report.Sequence)
            .ExecuteUpdateAsync(
                image => image
                    .SetProperty(i => i.Step, report.Step)
                    .SetProperty(i => i.Steps, Math.Max(report.Steps, 1)) // progress is a share of them
                    .SetProperty(i => i.Preview, report.Preview)
                    .SetProperty(i => i.Sequence, report.Sequence)
                    .SetProperty(i => i.LeaseUntil, lease),
                cancellationToken) == 1;
    }

    /// <summary>Renews the leases of the attempts a worker has in its hands.</summary>
    public async Task RenewAsync(IReadOnlyList<Guid> attempts, CancellationToken cancellationToken)
    {
        if (attempts.Count > 0)
        {
            var lease = time.GetUtcNow() + options.Value.RenderLease;
            await transitions.UnderWay.Where(image => attempts.Contains(image.AttemptId!.Value))
                .ExecuteUpdateAsync(image => image.SetProperty(i => i.LeaseUntil, lease), cancellationToken);
        }
    }
}
