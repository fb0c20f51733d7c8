using static TorchSharp.torch;

namespace StableDiffusion.Farm.Bench.Networks;

/// <summary>The two pieces of work that a network's rate is read against.</summary>
internal static class Kernels
{
    /// <summary>A product of two square matrices; the yardstick.</summary>
    public static TimedWork MatrixProduct(long size, Device device, ScalarType dtype, Action wait)
    {
        Tensor left = randn(size, size, dtype: dtype, device: device), right = randn(size, size, dtype: dtype, device: device);
        return new TimedWork($"matrix product, {size}³", 2e-9 * size * size * size, () => left.mm(right).Dispose(), wait);
    }

    /// <summary>A 3×3 convolution from 640 to 640 channels over two pictures of 32×32, as in a U-Net's step with guidance.</summary>
    public static TimedWork Convolution(Device device, ScalarType dtype, Action wait)
    {
        const long channels = 640, size = 32, pictures = 2;
        Tensor input = randn([pictures, channels, size, size], dtype: dtype, device: device);
        Tensor weight = randn([channels, channels, 3, 3], dtype: dtype, device: device);
        return new TimedWork(
            "3×3 convolution, 640 channels, 32×32",
            2e-9 * pictures * size * size * channels * channels * 9,
            () => nn.functional.conv2d(input, weight, padding: [1, 1]).Dispose(),
            wait);
    }
}
