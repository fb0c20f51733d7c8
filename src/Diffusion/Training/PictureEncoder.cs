using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>A small convolutional network from 64×64 pictures to a vector: four halvings, one more look, one projection.</summary>
public sealed class PictureEncoder : nn.Module<Tensor, Tensor>
{
    private static readonly int[] Channels = [16, 32, 64, 128];
    private readonly ModuleList<Conv2d> convs;
    private readonly ModuleList<GroupNorm> norms;
    private readonly Linear head;

    /// <summary>Builds the network with random weights; it gives <paramref name="outputs"/> numbers a picture.</summary>
    public PictureEncoder(int outputs)
        : base(nameof(PictureEncoder))
    {
        int[] widths = [3, .. Channels, Channels[^1]];
        convs = new ModuleList<Conv2d>([.. Enumerable.Range(0, Channels.Length + 1).Select(i =>
            nn.Conv2d(widths[i], widths[i + 1], 3, stride: i < Channels.Length ? 2 : 1, padding: 1L))]);
        norms = new ModuleList<GroupNorm>([.. widths.Skip(1).Select(width => new LayerFactory().GroupNorm(4, width, 1e-5))]);
        head = nn.Linear(Channels[^1] * 4 * 4, outputs);
        RegisterComponents();
    }

    /// <param name="pictures">(B, 3, 64, 64), values −1 … 1</param>
    /// <returns>(B, outputs)</returns>
    public override Tensor forward(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var hidden = pictures;
        for (var i = 0; i < convs.Count; i++)
            hidden = silu(norms[i].call(convs[i].call(hidden))); // (B, 16, 32, 32) … (B, 128, 4, 4), (B, 128, 4, 4)
        return scope.MoveToOuter(head.call(hidden.flatten(1)));
    }
}
