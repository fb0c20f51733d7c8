using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// Lets the group norms of a network that is run tile by tile take mean and variance of the whole picture, so that neighbouring tiles
/// have the same colours: a first pass over the tiles gathers them, a second one uses them.
/// </summary>
internal sealed class WholeNorms : IDisposable
{
    private readonly List<GroupNorm> norms;
    private readonly Dictionary<GroupNorm, Moments> moments = [];

    /// <param name="parts">The network's parts that run in tiles. Only used while a pass runs; they stay as they are.</param>
    public WholeNorms(IEnumerable<Module> parts) =>
        norms = [.. parts.SelectMany(part => part.modules().Prepend(part)).OfType<GroupNorm>().Distinct()];

    /// <summary>The first pass: the tile is run, and what its norms see of its own part is gathered.</summary>
    public void Gather(TileSpan rows, TileSpan columns, Func<Tensor> tile)
    {
        Hooked((norm, input) =>
        {
            Add(norm, input, rows, columns);
            return null;
        }, tile).Dispose();
    }

    /// <summary>The second pass: the tile is run with the norms of the whole.</summary>
    public Tensor Apply(Func<Tensor> tile) => Hooked(Normalize, tile);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, sum) in moments)
        {
            sum.Mean.Dispose();
            sum.Square.Dispose();
        }
    }

    private Tensor Hooked(Func<GroupNorm, Tensor, Tensor?> hook, Func<Tensor> tile)
    {
        var hooks = norms.Select(norm => norm.register_forward_hook((_, input, _) => hook(norm, input)!)).ToList();
        try
        {
            return tile();
        }
        finally
        {
            hooks.ForEach(one => one.remove());
        }
    }

    /// <param name="norm">Whose input it is.</param>
    /// <param name="input">(B, C, h, w)</param>
    /// <param name="rows">The tile's, which tell what of it is its own.</param>
    /// <param name="columns">Likewise.</param>
    private void Add(GroupNorm norm, Tensor input, TileSpan rows, TileSpan columns)
    {
        using var scope = NewDisposeScope();
        var (y, height) = rows.Core(input.shape[2]);
        var (x, width) = columns.Core(input.shape[3]);
        var own = input.narrow(2, y, height).narrow(3, x, width).to(ScalarType.Float32).reshape(input.shape[0], norm.num_groups, -1); // (B, G, N)
        double count = own.shape[2];
        Tensor mean = own.mean([2], keepdim: true), square = (own * own).mean([2], keepdim: true); // (B, G, 1)
        if (moments.TryGetValue(norm, out var so))
        {
            double share = count / (so.Count + count);
            mean = so.Mean + ((mean - so.Mean) * share);
            square = so.Square + ((square - so.Square) * share);
            count += so.Count;
            so.Mean.Dispose();
            so.Square.Dispose();
        }

        moments[norm] = new Moments(mean.DetachFromDisposeScope(), square.DetachFromDisposeScope(), count);
    }

    private Tensor Normalize(GroupNorm norm, Tensor input)
    {
        using var scope = NewDisposeScope();
        var (mean, square, _) = moments[norm];
        var grouped = input.to(ScalarType.Float32).reshape(input.shape[0], norm.num_groups, -1); // (B, G, N)
        var normed = ((grouped - mean) / (square - (mean * mean) + norm.eps).sqrt()).reshape(input.shape);
        var output = (normed * norm.weight.reshape(1, -1, 1, 1)) + norm.bias!.reshape(1, -1, 1, 1);
        return scope.MoveToOuter(output.to(input.dtype));
    }

    /// <param name="Mean">(B, G, 1)</param>
    /// <param name="Square">Of the squares, (B, G, 1)</param>
    /// <param name="Count">Values that went into each.</param>
    private sealed record Moments(Tensor Mean, Tensor Square, double Count);
}
