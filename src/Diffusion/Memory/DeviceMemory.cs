using System.Globalization;
using System.Runtime.InteropServices;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>
/// A GPU's memory, asked of its driver's own library (NVML), which is loaded where there is one. Torch keeps what it once had,
/// so what is used after a piece of work is also the most that the work needed.
/// </summary>
public static partial class DeviceMemory
{
    private const string Library = "libnvidia-ml.so.1";
    private const int Success = 0;

    private static readonly Lazy<bool> Ready = new(Start);

    /// <summary>Bytes in use on the device, by whomever; null where there is no NVML or no such device.</summary>
    /// <param name="index">The device's number as CUDA counts.</param>
    public static long? Used(int index) => Read(index) is { } memory ? (long)memory.Used : null;

    /// <summary>Bytes that the device has in all; null where there is no NVML or no such device.</summary>
    /// <param name="index">The device's number as CUDA counts.</param>
    public static long? Total(int index) => Read(index) is { } memory ? (long)memory.Total : null;

    private static NvmlMemory? Read(int index)
    {
        var memory = default(NvmlMemory);
        return NvmlIndex(index, Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES")) is { } own
            && Ready.Value && GetHandle(own, out IntPtr device) == Success && GetMemory(device, ref memory) == Success
            ? memory : null;
    }

    /// <summary>The device's number as NVML counts, which sees those that CUDA is told to leave out too; null where they are told by name.</summary>
    internal static uint? NvmlIndex(int index, string? visibleDevices)
    {
        if (string.IsNullOrEmpty(visibleDevices))
        {
            return (uint)index;
        }

        string[] visible = visibleDevices.Split(',', StringSplitOptions.TrimEntries);
        return index < visible.Length && uint.TryParse(visible[index], NumberStyles.None, CultureInfo.InvariantCulture, out uint own) ? own : null;
    }

    private static bool Start()
    {
        bool there = NativeLibrary.TryLoad(Library, out _);
        return there && Initialize() == Success;
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static partial int GetHandle(uint index, out IntPtr device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int GetMemory(IntPtr device, ref NvmlMemory memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct NvmlMemory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
