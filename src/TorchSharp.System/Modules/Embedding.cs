using TorchSharp.Native;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A table of vectors, looked up by whole-numbered indices.</summary>
public sealed class Embedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;
    private readonly long _padding_idx;
    private readonly double? _max_norm;
    private readonly double _norm_type;
    private readonly bool _scale_grad_by_freq;
    private readonly bool _sparse;

    internal Embedding(Parameter weight, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse)
        : base(nameof(Embedding))
    {
        this.weight = weight;
        _padding_idx = padding_idx is < 0 ? weight.shape[0] + padding_idx.Value : padding_idx ?? -1;
        _max_norm = max_norm;
        _norm_type = norm_type;
        _scale_grad_by_freq = scale_grad_by_freq;
        _sparse = sparse;
    }

    public Parameter? weight { get => _weight; set => Own(nameof(weight), ref _weight, value); }

    public override Tensor forward(Tensor input)
    {
        if (_max_norm is { } limit)
        {
            using var frozen = no_grad();
            Op.CallInPlace("embedding_renorm_", _weight!, input, limit, _norm_type);
        }
        return Op.Call("embedding", _weight, input, _padding_idx, _scale_grad_by_freq, _sparse);
    }
}
