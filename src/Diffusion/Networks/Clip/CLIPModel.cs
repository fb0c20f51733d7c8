using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>
/// Both encoders of CLIP (https://arxiv.org/abs/2103.00020), which take texts and pictures to one space, as in transformers'
/// CLIPModel.
/// </summary>
public sealed class CLIPModel : Module<Tensor, Tensor, CLIPOutput>, IHasOwnParameters
{
    private readonly CLIPTextTransformer text_model;
    private readonly CLIPVisionTransformer vision_model;
    private readonly Linear visual_projection;
    private readonly Linear text_projection;
    private Parameter logit_scale;

    /// <summary>Builds the network; its weights start random.</summary>
    public CLIPModel(CLIPConfig config, LayerFactory layers = default)
        : base(nameof(CLIPModel))
    {
        Config = config;
        text_model = new CLIPTextTransformer(config.TextConfig, layers);
        vision_model = new CLIPVisionTransformer(config.VisionConfig, layers);
        visual_projection = layers.Linear(config.VisionConfig.HiddenSize, config.ProjectionDim, hasBias: false);
        text_projection = layers.Linear(config.TextConfig.HiddenSize, config.ProjectionDim, hasBias: false);
        logit_scale = layers.ScalarParameter(config.LogitScaleInitValue);
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public CLIPConfig Config { get; }

    /// <summary>Compares every picture with every text.</summary>
    /// <param name="input_ids">(texts, T) int64</param>
    /// <param name="pixel_values">(pictures, num_channels, image_size, image_size)</param>
    public override CLIPOutput forward(Tensor input_ids, Tensor pixel_values)
    {
        using var scope = NewDisposeScope();
        var texts = EmbedTexts(input_ids); // (texts, projection_dim)
        var pictures = EmbedPictures(pixel_values); // (pictures, projection_dim)
        var logits = pictures.mm(texts.t()) * logit_scale.exp(); // (pictures, texts)
        return new CLIPOutput(scope.MoveToOuter(logits), scope.MoveToOuter(texts), scope.MoveToOuter(pictures));
    }

    /// <param name="inputIds">(B, T) int64</param>
    /// <returns>(B, projection_dim), of length 1</returns>
    public Tensor EmbedTexts(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(normalize(text_projection.call(text_model.call(inputIds, null).PoolerOutput), dim: 1));
    }

    /// <param name="pixelValues">(B, num_channels, image_size, image_size)</param>
    /// <returns>(B, projection_dim), of length 1</returns>
    public Tensor EmbedPictures(Tensor pixelValues)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(normalize(visual_projection.call(vision_model.call(pixelValues)), dim: 1));
    }

    void IHasOwnParameters.Set(string name, Parameter value)
    {
        logit_scale.Dispose();
        logit_scale = value;
        ConditionallyRegisterParameter(name, value);
    }
}
