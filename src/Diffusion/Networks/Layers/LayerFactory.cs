using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>
/// Makes the layers of a network on one device with one element type. The default is the CPU in single precision, with
/// PyTorch's random start; <see cref="Shapes"/> makes layers that have shapes and no memory, to be filled from a file.
/// </summary>
public readonly record struct LayerFactory(Device? Device = null, ScalarType? DType = null)
{
    /// <summary>Layers on the meta device.</summary>
    public static LayerFactory Shapes { get; } = new(META);

    internal Linear Linear(long inputSize, long outputSize, bool hasBias = true) =>
        nn.Linear(inputSize, outputSize, hasBias, Device, DType);

    internal Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, bool hasBias = true) =>
        nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias: hasBias, device: Device, dtype: DType);

    /// <summary>A convolution that starts by saying nothing.</summary>
    internal Conv2d ZeroConv2d(long in_channels, long out_channels, long kernel_size, long padding = 0)
    {
        var conv = Conv2d(in_channels, out_channels, kernel_size, padding: padding);
        nn.init.zeros_(conv.weight);
        nn.init.zeros_(conv.bias!);
        return conv;
    }

    internal GroupNorm GroupNorm(long num_groups, long num_channels, double eps)
    {
        var norm = nn.GroupNorm(num_groups, num_channels, eps, device: Device, dtype: DType);
        // TorchSharp 0.107 leaves them as it found the memory.
        nn.init.ones_(norm.weight);
        nn.init.zeros_(norm.bias!);
        return norm;
    }

    internal LayerNorm LayerNorm(long normalized_shape, double eps) =>
        nn.LayerNorm(normalized_shape, eps, device: Device, dtype: DType);

    internal Embedding Embedding(long num_embeddings, long embedding_dims)
    {
        if (Device?.type != DeviceType.META)
        {
            return nn.Embedding(num_embeddings, embedding_dims, device: Device, dtype: DType);
        }

        // TorchSharp 0.107 fills and keeps a table in memory whatever the device, so it gets a small one.
        var embedding = nn.Embedding(1, embedding_dims, device: Device, dtype: DType);
        embedding.weight = Kept(empty(num_embeddings, embedding_dims, DType, Device));
        return embedding;
    }

    /// <summary>A vector of normal numbers, of a module that <see cref="IHasOwnParameters"/>.</summary>
    internal Parameter NormalParameter(long size, double deviation) => Kept(randn(size, DType, Device) * deviation);

    /// <summary>A number, of a module that <see cref="IHasOwnParameters"/>.</summary>
    internal Parameter ScalarParameter(double value) => Kept(full([], value, DType, Device));

    private static Parameter Kept(Tensor value)
    {
        var parameter = new Parameter(value);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
