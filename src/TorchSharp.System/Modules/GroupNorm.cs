using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Normalises groups of channels of (N, C, …) to mean 0 and variance 1, then scales and shifts each channel.</summary>
public sealed class GroupNorm : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;
    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    internal GroupNorm(long num_groups, long num_channels, double eps, bool affine, Device? device, ScalarType? dtype)
        : base(nameof(GroupNorm))
    {
        this.num_groups = num_groups;
        this.eps = eps;
        this.affine = affine;
        if (!affine) return;
        weight = new Parameter(ones([num_channels], dtype, device));
        bias = new Parameter(zeros([num_channels], dtype, device));
    }

    public long num_groups { get; set; }
    public double eps { get; set; }
    public bool affine { get; set; }
    public Parameter weight { get => _weight!; set => Own(nameof(weight), ref _weight, value); }
    public Parameter? bias { get => _bias; set => Own(nameof(bias), ref _bias, value); }

    public override Tensor forward(Tensor tensor)
    {
        if (tensor.Dimensions < 3)
            throw new ArgumentException($"Invalid number of dimensions for GroupNorm argument: {tensor.Dimensions}", nameof(tensor));
        return nn.functional.group_norm(tensor, num_groups, _weight, bias, eps);
    }
}
