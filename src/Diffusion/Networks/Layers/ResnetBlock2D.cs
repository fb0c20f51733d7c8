using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>
/// Two convolutions with a shortcut around them; between them the time embedding is added, where there is one
/// (diffusers' ResnetBlock2D with silu and time_embedding_norm "default").
/// </summary>
internal sealed class ResnetBlock2D : Module<Tensor, Tensor?, Tensor>
{
    private readonly GroupNorm norm1;
    private readonly Conv2d conv1;
    private readonly Linear? time_emb_proj;
    private readonly GroupNorm norm2;
    private readonly Conv2d conv2;
    private readonly Conv2d? conv_shortcut;

    public ResnetBlock2D(LayerFactory layers, long in_channels, long out_channels, long? temb_channels, long groups, double eps)
        : base(nameof(ResnetBlock2D))
    {
        norm1 = layers.GroupNorm(groups, in_channels, eps);
        conv1 = layers.Conv2d(in_channels, out_channels, 3, padding: 1);
        time_emb_proj = temb_channels is { } channels ? layers.Linear(channels, out_channels) : null;
        norm2 = layers.GroupNorm(groups, out_channels, eps);
        conv2 = layers.Conv2d(out_channels, out_channels, 3, padding: 1);
        conv_shortcut = in_channels == out_channels ? null : layers.Conv2d(in_channels, out_channels, 1);
        RegisterComponents();
    }

    /// <param name="input">(B, in_channels, H, W)</param>
    /// <param name="temb">(B, temb_channels), null only in a VAE</param>
    /// <returns>(B, out_channels, H, W)</returns>
    public override Tensor forward(Tensor input, Tensor? temb)
    {
        using var scope = NewDisposeScope();
        var hidden = NormSiluConv.Call(norm1, conv1, input); // (B, out_channels, H, W)
        if (time_emb_proj is not null)
        {
            ArgumentNullException.ThrowIfNull(temb);
            hidden.add_(time_emb_proj.call(silu(temb)).unsqueeze(-1).unsqueeze(-1)); // (B, out_channels, 1, 1)
        }

        var output = NormSiluConv.Call(norm2, conv2, hidden);
        output.add_(conv_shortcut is null ? input : conv_shortcut.call(input));
        return scope.MoveToOuter(output);
    }
}
