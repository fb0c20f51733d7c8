using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Low-rank updates attached to linear layers of a network, to be trained in their place (LoRA,
/// https://arxiv.org/abs/2106.09685). Disposing it leaves the network as it was.
/// </summary>
public sealed class LoraPairs : IDisposable
{
    private readonly FrozenWeights frozen;
    private readonly SortedDictionary<string, LoraPair> pairs = new(StringComparer.Ordinal);

    /// <summary>Attaches updates that start at zero.</summary>
    /// <param name="network">Stays the caller's; its own weights are frozen meanwhile.</param>
    /// <param name="layers">Whether a layer of this name gets one, such as <c>mid_block.attentions.0.transformer_blocks.0.attn1.to_q</c>.</param>
    /// <param name="rank">r, of every update.</param>
    /// <param name="alpha">What updates are multiplied with, times r.</param>
    /// <exception cref="ArgumentException">No linear layer is chosen, or the rank is below 1.</exception>
    public LoraPairs(nn.Module network, Predicate<string> layers, int rank, double alpha)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        foreach (var (name, module) in network.named_modules())
        {
            if (module is Linear linear && layers(name))
                pairs.Add(name, new LoraPair(linear, rank, alpha));
        }
        if (pairs.Count == 0)
            throw new ArgumentException("No linear layer of the network is chosen.", nameof(layers));
        frozen = new FrozenWeights(network);
    }

    /// <summary>The updates by their layers' names.</summary>
    public IReadOnlyDictionary<string, LoraPair> ByLayer => pairs;

    /// <summary>All that learns, in the order of the layers' names.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. pairs.Values.SelectMany(pair => new[] { pair.Down, pair.Up })];

    /// <inheritdoc/>
    public void Dispose()
    {
        frozen.Dispose();
        foreach (var pair in pairs.Values)
            pair.Dispose();
    }
}
