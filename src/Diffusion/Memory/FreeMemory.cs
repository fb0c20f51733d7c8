using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>What is left of a device's memory.</summary>
public static class FreeMemory
{
    private const string Available = "MemAvailable:";

    /// <summary>In bytes, by NVML of a GPU and by Linux of the machine; null where neither tells.</summary>
    public static long? Of(Device device)
    {
        int index = Math.Max(device.index, 0);
        return device.type == DeviceType.CUDA ? DeviceMemory.Total(index) - DeviceMemory.Used(index)
            : device.type == DeviceType.CPU ? OfTheMachine()
            : null;
    }

    private static long? OfTheMachine()
    {
        const string file = "/proc/meminfo";
        string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(Available, StringComparison.Ordinal)) : null;
        return line is null ? null : 1024 * long.Parse(line[Available.Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
