using StableDiffusion.Diffusion.Memory;
using static TorchSharp.torch;

namespace StableDiffusion.Farm.Bench.Networks;

/// <summary>
/// How fast SD 1.5's U-Net runs here, against what this machine's matrix products and convolutions reach in the same run: all
/// are measured in turn, round after round, each beside a product of its own.
/// </summary>
internal static class NetworkBench
{
    private const double MiB = 1024 * 1024;

    /// <summary>Prints the table for the GPU where there is one, else for the CPU.</summary>
    public static void Run(int rounds, CancellationToken cancellationToken)
    {
        using var noGradients = no_grad();
        set_num_threads(Environment.ProcessorCount);
        if (cuda.is_available())
        {
            Console.WriteLine($"cuda, libtorch {__version__}; medians of {rounds} rounds");
            Measure(ScalarType.Float16, CUDA, productSize: 8192, network => [network.Step(64), network.Step(64, 4), network.Step(64, 8)], rounds, cancellationToken);
            return;
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, libtorch {__version__}; medians of {rounds} rounds");
        // the smaller one first: what it needs at most would not show behind the larger one's
        foreach (var dtype in (ScalarType[])[ScalarType.BFloat16, ScalarType.Float32])
        {
            Measure(dtype, CPU, productSize: 2048, network => [network.Step(32), network.Step(64)], rounds, cancellationToken);
        }
    }

    private static void Measure(
        ScalarType dtype, Device device, long productSize, Func<GuidedUNet, TimedWork[]> choose, int rounds, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        Action wait = device.type == TorchSharp.DeviceType.CUDA ? () => cuda.synchronize(device) : () => { };
        using var network = new GuidedUNet(device, dtype, wait);
        // on a CPU always in single precision, so that the other precisions' gain can be read off
        var yardstick = Kernels.MatrixProduct(productSize, device, device.type == TorchSharp.DeviceType.CPU ? ScalarType.Float32 : dtype, wait);
        TimedWork[] works = [Kernels.MatrixProduct(productSize, device, dtype, wait), Kernels.Convolution(device, dtype, wait), .. choose(network)];
        var peaks = new Dictionary<TimedWork, long?>();
        yardstick.WarmUp();
        foreach (var work in works)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ProcessMemory.ResetPeak();
            work.WarmUp();
            peaks[work] = device.type == TorchSharp.DeviceType.CUDA ? DeviceMemory.Used(Math.Max(device.index, 0)) : ProcessMemory.Peak;
        }

        for (int round = 0; round < rounds; round++)
        {
            foreach (var work in works)
            {
                cancellationToken.ThrowIfCancellationRequested();
                work.Measure(yardstick);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"{dtype,-46}{"GFLOP/s",9}{"of product",12}{"seconds",10}{"per second",12}{"peak MiB",10}");
        foreach (var work in works)
        {
            Console.WriteLine($"{work.Name,-46}{work.Rate,9:0}{work.Ratio,12:0.00}{work.Seconds,10:0.000}{1 / work.Seconds,12:0.00}{peaks[work] / MiB,10:0}");
        }
    }
}
