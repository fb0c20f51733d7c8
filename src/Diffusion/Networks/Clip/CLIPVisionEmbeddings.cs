using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>A picture's patches as tokens, behind one that stands for the whole.</summary>
internal sealed class CLIPVisionEmbeddings : Module<Tensor, Tensor>, IHasOwnParameters
{
    private readonly CLIPVisionConfig config;
    private Parameter class_embedding;
    private readonly Conv2d patch_embedding;
    private readonly Embedding position_embedding;

    public CLIPVisionEmbeddings(CLIPVisionConfig config, LayerFactory layers)
        : base(nameof(CLIPVisionEmbeddings))
    {
        this.config = config;
        class_embedding = layers.NormalParameter(config.HiddenSize, Math.Pow(config.HiddenSize, -0.5));
        patch_embedding = layers.Conv2d(config.NumChannels, config.HiddenSize, config.PatchSize, stride: config.PatchSize, hasBias: false);
        position_embedding = layers.Embedding(config.Positions, config.HiddenSize);
        RegisterComponents();
    }

    /// <param name="pixel_values">(B, num_channels, image_size, image_size)</param>
    /// <returns>(B, 1 + patches, hidden_size)</returns>
    /// <exception cref="ArgumentException">The pictures have another size.</exception>
    public override Tensor forward(Tensor pixel_values)
    {
        if (pixel_values.shape[2] != config.ImageSize || pixel_values.shape[3] != config.ImageSize)
        {
            throw new ArgumentException(
                $"The picture encoder takes pictures of {config.ImageSize}×{config.ImageSize}, not {pixel_values.shape[3]}×{pixel_values.shape[2]}.", nameof(pixel_values));
        }

        using var scope = NewDisposeScope();
        var patches = patch_embedding.call(pixel_values).flatten(2).transpose(1, 2); // (B, patches, hidden_size)
        var whole = class_embedding.expand(pixel_values.shape[0], 1, -1); // (B, 1, hidden_size)
        return scope.MoveToOuter(cat([whole, patches], 1) + position_embedding.weight!);
    }

    void IHasOwnParameters.Set(string name, Parameter value)
    {
        class_embedding.Dispose();
        class_embedding = value;
        ConditionallyRegisterParameter(name, value);
    }
}
