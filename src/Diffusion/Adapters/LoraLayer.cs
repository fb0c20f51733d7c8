using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>
/// A layer's low-rank update (Hu et al. 2021, https://arxiv.org/abs/2106.09685): ΔW = α/r · up · down. For a convolution
/// <c>down</c> has the kernel and <c>up</c> is 1×1; LoCon's third factor <c>mid</c> takes the kernel over
/// (https://arxiv.org/abs/2309.14859, Tucker decomposition).
/// </summary>
/// <param name="File">Open; the tensors are read when they are needed.</param>
/// <param name="Component">The network it is in.</param>
/// <param name="Name">With underscores, without prefix.</param>
/// <param name="Down">Key of (r, in), (r, in, kh, kw), or with a mid (r, in, 1, 1).</param>
/// <param name="Up">Key of (out, r) or (out, r, 1, 1).</param>
/// <param name="Mid">Key of (r, r, kh, kw), or null.</param>
/// <param name="Factor">α/r.</param>
internal sealed record LoraLayer(SafetensorsFile File, LoraComponent Component, string Name, string Down, string Up, string? Mid, double Factor)
{
    /// <summary>The update's shape with no regard to linear layers' being 1×1 convolutions: out, in, kernel.</summary>
    public long[] Shape => [.. Sizes(Up)[..1], .. Sizes(Down)[1..2], .. Sizes(Mid ?? Down).Skip(2)];

    /// <summary>Whether the factors fit each other.</summary>
    public bool IsWhole
    {
        get
        {
            long[] down = Sizes(Down), up = Sizes(Up);
            long rank = down.Length > 0 ? down[0] : 0;
            return down.Length is 2 or 4 && up.Length is 2 or 4 && up[1] == rank && up.Skip(2).All(size => size == 1)
                && (Mid is null || (Sizes(Mid) is [var m, var n, _, _] && m == rank && n == rank && down.Skip(2).All(size => size == 1)));
        }
    }

    /// <summary>Whether it is an update of a weight of this shape; a 1×1 convolution and a linear layer are the same.</summary>
    public bool Fits(long[] weight) => Bare(Shape).SequenceEqual(Bare(weight));

    /// <summary>The update in single precision, owned by the caller's scope.</summary>
    /// <param name="weight">The shape and device it gets are this one's.</param>
    public Tensor Delta(Tensor weight)
    {
        using var scope = NewDisposeScope();
        Tensor down = Read(Down, weight.device), up = Read(Up, weight.device).flatten(1); // (out, r)
        Tensor delta;
        if (Mid is null)
        {
            delta = up.mm(down.flatten(1)); // (out, in · kh · kw)
        }
        else
        {
            long rank = down.shape[0], kernel = Sizes(Mid)[2] * Sizes(Mid)[3];
            var outer = up.mm(Read(Mid, weight.device).flatten(1)).reshape(-1, rank, kernel).transpose(1, 2).reshape(-1, rank); // (out · k, r)
            delta = outer.mm(down.flatten(1)).reshape(up.shape[0], kernel, -1).transpose(1, 2); // (out, in, k)
        }

        return (delta * Factor).reshape(weight.shape).MoveToOuterDisposeScope();
    }

    private static long[] Bare(long[] shape) => shape is [var o, var i, 1, 1] ? [o, i] : shape;

    private long[] Sizes(string key) => [.. File.Tensors[key].Shape];

    private Tensor Read(string key, Device device) => File.Read(key, ScalarType.Float32, device);
}
