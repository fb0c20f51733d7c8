using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>A low-rank update that a linear layer learns while it stays as it is: y = W·x + b + α/r · up · down · x.</summary>
public sealed class LoraPair : IDisposable
{
    private readonly double factor;
    private readonly Action detach;

    internal LoraPair(Linear layer, int rank, double alpha)
    {
        factor = alpha / rank;
        Down = Kept(empty(rank, layer.in_features, device: layer.weight.device));
        Up = Kept(zeros(layer.out_features, rank, device: layer.weight.device)); // so that it starts with no update
        nn.init.kaiming_uniform_(Down, Math.Sqrt(5));
        detach = layer.register_forward_hook((_, input, output) => output + Update(input)).remove;
    }

    /// <summary>PEFT's lora_A, (r, in).</summary>
    public Parameter Down { get; }

    /// <summary>PEFT's lora_B, (out, r).</summary>
    public Parameter Up { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        detach();
        Down.Dispose();
        Up.Dispose();
    }

    private static Parameter Kept(Tensor value)
    {
        var parameter = new Parameter(value);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    private Tensor Update(Tensor input)
    {
        using var inner = linear(input, Down);
        using var update = linear(inner, Up);
        return update * factor;
    }
}
