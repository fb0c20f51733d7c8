using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>Transformer blocks over a picture's positions, with a shortcut around them all.</summary>
internal sealed class Transformer2DModel : Module<Tensor, Tensor, Tensor>
{
    private const double NormEps = 1e-6; // not the config's norm_eps, as in diffusers

    private readonly bool linear;
    private readonly GroupNorm norm;
    private readonly Module<Tensor, Tensor> proj_in;
    private readonly ModuleList<BasicTransformerBlock> transformer_blocks;
    private readonly Module<Tensor, Tensor> proj_out;

    public Transformer2DModel(LayerFactory layers, UNetEncoderConfig config, int level, int depth)
        : base(nameof(Transformer2DModel))
    {
        var channels = config.BlockOutChannels[level];
        linear = config.UseLinearProjection;
        norm = layers.GroupNorm(config.NormNumGroups, channels, NormEps);
        proj_in = Projection();
        transformer_blocks = new ModuleList<BasicTransformerBlock>([.. Enumerable.Range(0, depth)
            .Select(_ => new BasicTransformerBlock(layers, channels, config.Heads[level], config.CrossAttentionDim))]);
        proj_out = Projection();
        RegisterComponents();

        Module<Tensor, Tensor> Projection() => linear ? layers.Linear(channels, channels) : layers.Conv2d(channels, channels, 1);
    }

    /// <param name="input">(B, C, H, W)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <returns>(B, C, H, W)</returns>
    public override Tensor forward(Tensor input, Tensor encoder_hidden_states)
    {
        using var scope = NewDisposeScope();
        var normed = norm.call(input); // (B, C, H, W)
        var hidden = linear ? proj_in.call(Tokens(normed)) : Tokens(proj_in.call(normed)); // (B, H·W, C)
        foreach (var block in transformer_blocks)
        {
            using var before = hidden;
            hidden = block.call(before, encoder_hidden_states); // (B, H·W, C)
        }

        var output = linear ? Picture(proj_out.call(hidden), input) : proj_out.call(Picture(hidden, input)); // (B, C, H, W)
        return scope.MoveToOuter(output + input);
    }

    private static Tensor Tokens(Tensor picture) => picture.flatten(2).transpose(1, 2).contiguous();

    private static Tensor Picture(Tensor tokens, Tensor like) => tokens.transpose(1, 2).reshape(like.shape);
}
