using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>
/// A text encoder whose pooled output is projected to the space shared with pictures, such as SDXL's second (OpenCLIP), as in
/// transformers' CLIPTextModelWithProjection.
/// </summary>
public sealed class CLIPTextModelWithProjection : CLIPTextEncoder
{
    private readonly Linear text_projection;

    /// <summary>Builds the network; its weights start random.</summary>
    public CLIPTextModelWithProjection(CLIPTextConfig config, LayerFactory layers = default)
        : base(nameof(CLIPTextModelWithProjection), config, layers)
    {
        text_projection = layers.Linear(config.HiddenSize, config.ProjectionDim, hasBias: false);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override CLIPTextOutput Encode(Tensor inputIds, Tensor? addedEmbeddings)
    {
        var output = base.Encode(inputIds, addedEmbeddings);
        return output with { TextEmbeds = Project(output.PoolerOutput) };
    }

    /// <summary>The projection alone, for an output that is pooled elsewhere.</summary>
    /// <param name="pooled">(B, hidden_size), after the final layer norm</param>
    /// <returns>(B, projection_dim)</returns>
    public Tensor Project(Tensor pooled) => text_projection.call(pooled);
}
