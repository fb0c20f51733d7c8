using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Gives its input back, through a handle of its own.</summary>
public sealed class Identity : ParameterLessModule<Tensor, Tensor>
{
    internal Identity() : base(nameof(Identity)) { }
    public override Tensor forward(Tensor tensor) => tensor.alias();
}

/// <summary>Joins the dimensions from start_dim to end_dim into one.</summary>
public sealed class Flatten : ParameterLessModule<Tensor, Tensor>
{
    internal Flatten(long start_dim, long end_dim) : base(nameof(Flatten))
    {
        this.start_dim = start_dim;
        this.end_dim = end_dim;
    }

    public long start_dim { get; set; }
    public long end_dim { get; set; }
    public override Tensor forward(Tensor input) => input.flatten(start_dim, end_dim);
}

/// <summary>Resizes by interpolation, to a size or by a factor.</summary>
public sealed class Upsample : ParameterLessModule<Tensor, Tensor>
{
    private readonly long[]? _size;
    private readonly double[]? _scale_factor;

    internal Upsample(long[]? size, double[]? scale_factor, UpsampleMode mode, bool? align_corners, bool? recompute_scale_factor)
        : base(nameof(Upsample))
    {
        _size = size;
        _scale_factor = scale_factor;
        this.mode = mode;
        this.align_corners = align_corners;
        this.recompute_scale_factor = recompute_scale_factor;
    }

    public ReadOnlySpan<long> size => _size;
    public ReadOnlySpan<double> scale_factor => _scale_factor;
    public UpsampleMode mode { get; set; }
    public bool? align_corners { get; set; }
    public bool? recompute_scale_factor { get; set; }

    public override Tensor forward(Tensor input) => nn.functional.interpolate(
        input, _size, _scale_factor, (InterpolationMode)mode, align_corners, recompute_scale_factor ?? false);
}
