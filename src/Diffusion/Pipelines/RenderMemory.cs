using StableDiffusion.Diffusion.Memory;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Measures what a group of pictures needs, and says how large it was where that is more than there is.</summary>
/// <param name="device">Where the networks run.</param>
/// <param name="size">The largest that is drawn.</param>
/// <param name="batchClass">Pictures in a call.</param>
internal sealed class RenderMemory(Device device, DrawnSize size, int batchClass)
{
    private readonly PeakMemory peak = PeakMemory.Begin(device);

    /// <summary>The most bytes in use until now; null where it cannot be known.</summary>
    public long? Peak => peak.Bytes;

    /// <exception cref="DeviceOutOfMemoryException">Memory ran out.</exception>
    public T Within<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (error is not DeviceOutOfMemoryException && DeviceOutOfMemoryException.Is(error))
        {
            string pictures = batchClass == 1 ? "a picture" : $"{batchClass} pictures at once";
            throw new DeviceOutOfMemoryException($"Drawing {pictures} of {size.Width}×{size.Height}", device, error);
        }
    }
}
