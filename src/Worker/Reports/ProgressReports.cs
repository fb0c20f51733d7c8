using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Reports;

/// <summary>Tells how far images are, each at most once in <see cref="WorkerOptions.ProgressInterval"/>. Called on the device's thread, which
/// waits for nothing here.</summary>
public sealed class ProgressReports(ImagesReporter reporter, TimeProvider time, IOptions<WorkerOptions> options)
{
    /// <summary>Drawing begins; again, where the image is tried again alone.</summary>
    public void Begun(ImageInHand image)
    {
        ArgumentNullException.ThrowIfNull(image);
        image.ToldAt ??= time.GetTimestamp();
    }

    /// <summary>A step is done.</summary>
    public void StepDone(ImageInHand image, StepNews news)
    {
        ArgumentNullException.ThrowIfNull(image);
        image.Steps = news.Steps;
        image.ToldAt ??= time.GetTimestamp();
        if (time.GetElapsedTime(image.ToldAt.Value) < options.Value.ProgressInterval || image.Cancelled)
        {
            return;
        }

        image.ToldAt = time.GetTimestamp();
        reporter.Progressed(new ImageProgressed
        {
            ImageId = image.Image.ImageId,
            AttemptId = image.Image.AttemptId,
            Sequence = ++image.Told,
            Step = news.Step,
            Steps = news.Steps,
            Preview = image.Image.LivePreview ? PngWriter.Write(news.Preview()) : null,
        });
    }
}
