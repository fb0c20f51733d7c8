using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using TorchSharp;

namespace StableDiffusion.Worker.Rendering;

/// <summary>The device a worker draws on, and what is to be known of it and of the software under it.</summary>
internal sealed partial record TorchDevice(torch.Device Device, torch.ScalarType Dtype, RenderEnvironment Environment)
{
    /// <summary>"cpu (2 threads), AMD EPYC 9655", "cuda:0, NVIDIA H200".</summary>
    public string Text =>
        Device.type == DeviceType.CPU ? $"cpu ({Environment.Threads} threads), {Environment.Hardware}" : $"{Environment.Device}, {Environment.Hardware}";

    /// <summary>In bytes: the GPU's, or on a CPU what the process may have; null where it is not told.</summary>
    public long? Memory => Device.type == DeviceType.CPU ? MainMemory : DeviceMemory.Total(Math.Max(Device.index, 0));

    /// <summary>In bytes: what is in use of the GPU, or on a CPU by the process; null where it is not told.</summary>
    public long? UsedMemory => Device.type == DeviceType.CPU ? System.Environment.WorkingSet : DeviceMemory.Used(Math.Max(Device.index, 0));

    /// <summary>Whether it has memory of its own, as GPUs do; a CPU's is the main memory.</summary>
    public bool HasOwnMemory { get; init; } = Device.type != DeviceType.CPU;

    /// <summary>Main memory that this process may yet take, in bytes; null where the system does not tell. One that takes more is ended.</summary>
    public Func<long?> FreeMainMemory { get; init; } = () => FreeMemory.Of(torch.CPU) is { } free ? Math.Min(free, MainMemory - System.Environment.WorkingSet ?? free) : null;

    /// <summary>Main memory that the process may have in all, in bytes; null where the system does not tell.</summary>
    public static long? MainMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var bytes ? bytes : null;

    /// <summary>Where models' weights are.</summary>
    /// <param name="offloaded">Whether they rest in main memory.</param>
    public ModelRoom Room(bool offloaded) => !HasOwnMemory || offloaded
        ? new ModelRoom(Dtype, MainMemory, "main memory")
        : new ModelRoom(Dtype, Memory, Environment.Device) { MayOffload = true };

    /// <summary>What is left there, where taking more ends the process; null where it is an error like others.</summary>
    /// <param name="offloaded">Whether they rest in main memory.</param>
    public long? FreeRoom(bool offloaded) => !HasOwnMemory || offloaded ? FreeMainMemory() : null;

    /// <summary>Takes what the options ask for. Runs on the thread that will draw: the thread count belongs to it.</summary>
    /// <exception cref="InvalidOperationException">The device that Worker:Device names is not there, or cannot compute in Worker:Dtype.</exception>
    public static TorchDevice Open(WorkerOptions options)
    {
        var gpu = options.Device == "auto" ? torch.cuda.is_available() : options.Device != "cpu";
        if (gpu && !torch.cuda.is_available())
        {
            throw new InvalidOperationException($"Worker:Device is \"{options.Device}\", but this libtorch sees no GPU; set it to \"cpu\" or \"auto\".");
        }
        var index = options.Device.StartsWith("cuda:", StringComparison.Ordinal) ? int.Parse(options.Device.AsSpan(5), CultureInfo.InvariantCulture) : 0;
        if (gpu && index >= torch.cuda.device_count())
        {
            throw new InvalidOperationException($"Worker:Device is \"{options.Device}\", but there are only {torch.cuda.device_count()} GPUs.");
        }
        torch.set_num_threads(options.Threads > 0 ? options.Threads : System.Environment.ProcessorCount);
        var dtype = options.Dtype switch
        {
            "float32" => torch.ScalarType.Float32,
            "float16" => torch.ScalarType.Float16,
            "bfloat16" => torch.ScalarType.BFloat16,
            _ => gpu ? torch.ScalarType.Float16 : torch.ScalarType.Float32,
        };
        var name = gpu ? $"cuda:{index}" : "cpu";
        var device = torch.device(name);
        Try(device, dtype);
        return new TorchDevice(device, dtype, new RenderEnvironment
        {
            Diffusion = WorkerVersion.Of(typeof(StableDiffusionPipeline).Assembly),
            Torch = torch.__version__,
            Blas = Blas(),
            Runtime = RuntimeInformation.FrameworkDescription,
            Device = name,
            Hardware = gpu ? GpuModel() : CpuModel(),
            Dtype = dtype switch
            {
                torch.ScalarType.Float16 => "float16",
                torch.ScalarType.BFloat16 => "bfloat16",
                _ => "float32",
            },
            Threads = torch.get_num_threads(),
            Memory = options.Memory,
        });
    }

    // Older libtorchs have no half precision on the CPU, which they would say at the first image.
    private static void Try(torch.Device device, torch.ScalarType dtype)
    {
        using var scope = torch.NewDisposeScope();
        try
        {
            torch.nn.functional.layer_norm(torch.zeros(1, 4, dtype, device), [4]);
        }
        catch (ExternalException error)
        {
            throw new InvalidOperationException(
                $"Worker:Dtype: this libtorch cannot compute in {dtype} on {device}; use float32. ({LibTorchError.Words(error)})", error);
        }
    }

    /// <summary>The library that multiplies matrices, as it lies in memory.</summary>
    private static string Blas()
    {
        using var process = Process.GetCurrentProcess();
        var loaded = process.Modules.Cast<ProcessModule>().Select(module => module.ModuleName)
            .Where(name => BlasFile().IsMatch(name)).Distinct().Order(StringComparer.Ordinal);
        return string.Join(" ", loaded) is { Length: > 0 } names ? names : "within libtorch";
    }

    private static string CpuModel()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>As NVIDIA's Linux driver tells it; the kinds of all GPUs where a machine has several.</summary>
    private static string GpuModel()
    {
        const string folder = "/proc/driver/nvidia/gpus";
        IEnumerable<string> models = Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder)
                .SelectMany(gpu => File.ReadLines(Path.Combine(gpu, "information")))
                .Where(line => line.StartsWith("Model:", StringComparison.Ordinal))
                .Select(line => line["Model:".Length..].Trim())
                .Distinct().Order(StringComparer.Ordinal)
            : [];
        return string.Join(" or ", models) is { Length: > 0 } names ? names : "GPU";
    }

    [GeneratedRegex("openblas|mkl|blis|atlas|libblas|cublas", RegexOptions.IgnoreCase)]
    private static partial Regex BlasFile();
}
