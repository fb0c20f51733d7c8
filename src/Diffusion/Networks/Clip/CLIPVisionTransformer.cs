using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>CLIP's picture encoder (https://arxiv.org/abs/2010.11929).</summary>
internal sealed class CLIPVisionTransformer : Module<Tensor, Tensor>
{
    private readonly CLIPVisionEmbeddings embeddings;
    private readonly LayerNorm pre_layrnorm; // so in published files
    private readonly CLIPEncoder encoder;
    private readonly LayerNorm post_layernorm;

    public CLIPVisionTransformer(CLIPVisionConfig config, LayerFactory layers)
        : base(nameof(CLIPVisionTransformer))
    {
        embeddings = new CLIPVisionEmbeddings(config, layers);
        pre_layrnorm = layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        encoder = new CLIPEncoder(config, layers, causal: false);
        post_layernorm = layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <param name="pixel_values">(B, num_channels, image_size, image_size)</param>
    /// <returns>(B, hidden_size), of the token that stands for the whole picture</returns>
    public override Tensor forward(Tensor pixel_values)
    {
        using var scope = NewDisposeScope();
        var last = encoder.call(pre_layrnorm.call(embeddings.call(pixel_values)))[^1]; // (B, 1 + patches, hidden_size)
        return scope.MoveToOuter(post_layernorm.call(last.select(1, 0)));
    }
}
