using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>
/// The most memory that was in use since a moment, where a device's tensors lie: of this process on the CPU, of the whole GPU
/// else (Torch keeps what it once had, so what is in use at the end is the most that was). One measurement at a time in a process.
/// </summary>
public sealed class PeakMemory
{
    private readonly Device device;
    private readonly bool fresh;
    private readonly long? before;

    private PeakMemory(Device device)
    {
        this.device = device;
        fresh = device.type != DeviceType.CPU || ProcessMemory.ResetPeak();
        before = fresh ? null : ProcessMemory.Peak;
    }

    /// <summary>In bytes, so far; null where it cannot be known: no NVML, no /proc, or a system that does not let the mark be reset and
    /// on which the process had needed as much before.</summary>
    public long? Bytes =>
        device.type == DeviceType.CUDA ? DeviceMemory.Used(Math.Max(device.index, 0))
        : device.type != DeviceType.CPU ? null
        : ProcessMemory.Peak is { } peak && (fresh || peak > before) ? peak
        : null;

    /// <summary>Measures from now on.</summary>
    public static PeakMemory Begin(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new PeakMemory(device);
    }
}
