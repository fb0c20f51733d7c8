using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Per-channel normalisation with running statistics.</summary>
public abstract class NormBase : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;
    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;
    [ComponentName(Name = nameof(running_mean))]
    private Tensor? _running_mean;
    [ComponentName(Name = nameof(running_var))]
    private Tensor? _running_var;
    [ComponentName(Name = nameof(num_batches_tracked))]
    private Tensor? _num_batches_tracked;

    public NormBase(long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device,
        ScalarType? dtype, string name) : base(name)
    {
        this.num_features = num_features;
        this.eps = eps;
        this.momentum = momentum;
        this.affine = affine;
        this.track_running_stats = track_running_stats;
        if (affine)
        {
            weight = new Parameter(empty([num_features], dtype, device));
            bias = new Parameter(empty([num_features], dtype, device));
        }
        if (track_running_stats)
        {
            running_mean = empty([num_features], dtype, device);
            running_var = empty([num_features], dtype, device);
            num_batches_tracked = empty([], ScalarType.Int64, device);
        }
        reset_parameters();
    }

    public long num_features { get; set; }
    public double eps { get; set; }
    public double? momentum { get; set; }
    public bool affine { get; set; }
    public bool track_running_stats { get; set; }
    public Parameter weight { get => _weight!; set => Own(nameof(weight), ref _weight, value); }
    public Parameter? bias { get => _bias; set => Own(nameof(bias), ref _bias, value); }
    public Tensor? running_mean { get => _running_mean; set => Own(nameof(running_mean), ref _running_mean, value); }
    public Tensor? running_var { get => _running_var; set => Own(nameof(running_var), ref _running_var, value); }
    public Tensor? num_batches_tracked { get => _num_batches_tracked; set => Own(nameof(num_batches_tracked), ref _num_batches_tracked, value); }

    protected abstract void ValidateInputDimensions(Tensor input);

    public void reset_running_stats()
    {
        _running_mean?.fill_(0);
        _running_var?.fill_(1);
        _num_batches_tracked?.fill_(0);
    }

    public void reset_parameters()
    {
        reset_running_stats();
        if (_weight is not null) nn.init.ones_(_weight);
        if (_bias is not null) nn.init.zeros_(_bias);
    }
}

/// <summary>What the batch normalisations share.</summary>
public abstract class BatchNorm : NormBase
{
    public BatchNorm(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device,
        ScalarType? dtype, string name) : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name)
    {
    }

    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        if (training && num_batches_tracked is { } batches) batches.add_(1);
        bool useBatch = training || running_mean is null;
        return nn.functional.batch_norm(input, running_mean, running_var, affine ? weight : null, bias, useBatch, momentum ?? 0.1, eps);
    }
}

/// <summary>Batch normalisation of (N, C, H, W).</summary>
public sealed class BatchNorm2d : BatchNorm
{
    internal BatchNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm2d))
    {
    }

    protected override void ValidateInputDimensions(Tensor input)
    {
        if (input.Dimensions != 4) throw new ArgumentException($"expected 4D input, but got {input.Dimensions}D input.", nameof(input));
    }
}
