using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>y = x·Wᵀ + b, with W of shape (out, in).</summary>
public sealed class Linear : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;
    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
    {
        in_features = inputSize;
        out_features = outputSize;
        weight = new Parameter(empty([outputSize, inputSize], dtype, device));
        if (hasBias) bias = new Parameter(empty([outputSize], dtype, device));
        nn.init.LinearDefaults(weight, bias);
    }

    internal Linear(Parameter weight, Parameter? bias) : base(nameof(Linear))
    {
        out_features = weight.shape[0];
        in_features = weight.shape[1];
        this.weight = weight;
        this.bias = bias;
    }

    public long in_features { get; set; }
    public long out_features { get; set; }
    public Parameter weight { get => _weight!; set => Own(nameof(weight), ref _weight, value); }
    public Parameter? bias { get => _bias; set => Own(nameof(bias), ref _bias, value); }

    public override Tensor forward(Tensor tensor) => nn.functional.linear(tensor, weight, bias);
}
