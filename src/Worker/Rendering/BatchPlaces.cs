using System.Runtime.CompilerServices;
using StableDiffusion.Contracts;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;

namespace StableDiffusion.Worker.Rendering;

/// <summary>Whether pictures may share the network's calls on this device, asked of the device once for each model, class and size: kernels
/// are chosen by size. Belongs to the device's thread.</summary>
internal sealed class BatchPlaces
{
    private readonly ConditionalWeakTable<StableDiffusionModel, Dictionary<(int BatchClass, int Width, int Height), bool>> alike = [];

    /// <summary>Whether a picture of that size has the same bits in every place of a call.</summary>
    public bool AreAlike(StableDiffusionModel model, int batchClass, int width, int height)
    {
        var answers = alike.GetOrCreateValue(model);
        return answers.TryGetValue((batchClass, width, height), out var known) ? known : answers[(batchClass, width, height)] = BatchClassProbe.IsPlaceIndependent(model, batchClass, width, height);
    }

    /// <summary>Whether that holds in every pass over an image. What the model cannot draw anyway is not asked.</summary>
    public bool AreAlike(StableDiffusionModel model, ImageSettings settings)
    {
        List<(int Width, int Height)> sizes = [(settings.Width, settings.Height)];
        if (settings.HighResolution is { } second)
        {
            sizes.Add((second.HrResizeX, second.HrResizeY));
        }

        return settings.BatchClass <= 1 || sizes
            .Where(size => Math.Min(size.Width, size.Height) > 0 && size.Width % model.VaeScaleFactor == 0 && size.Height % model.VaeScaleFactor == 0)
            .All(size => AreAlike(model, settings.BatchClass, size.Width, size.Height));
    }
}
