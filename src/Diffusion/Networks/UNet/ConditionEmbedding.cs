using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>
/// What a U-Net's or ControlNet's residual blocks are told: the time step, and for SDXL pooled text and sizes. The layers are
/// the network's.
/// </summary>
internal sealed class ConditionEmbedding(UNetEncoderConfig config, TimestepEmbedding time_embedding, TimestepEmbedding? add_embedding)
{
    private readonly Timesteps timeProjection = new(config.BlockOutChannels[0], config.FlipSinToCos, config.FreqShift);

    /// <summary>The layers that take the added conditions, null for models that have none.</summary>
    public static TimestepEmbedding? AddEmbedding(LayerFactory layers, UNetEncoderConfig config) =>
        config.AdditionEmbedType is null ? null : new TimestepEmbedding(layers, config.ProjectionClassEmbeddingsInputDim!.Value, config.TimeEmbedDim);

    /// <param name="sample">(B, C, h, w), for its batch size, type and device</param>
    /// <param name="timestep">(B), (1) or a scalar, whole or fractional</param>
    /// <param name="conditions">Of them the added ones and the guidance</param>
    /// <param name="observer">Told of each part's output, or null</param>
    /// <returns>(B, time_embed_dim)</returns>
    /// <exception cref="ArgumentException">The conditions are not those that the model takes.</exception>
    public Tensor Embed(Tensor sample, Tensor timestep, UNetConditions conditions, Action<string, Tensor>? observer = null)
    {
        using var scope = NewDisposeScope();
        var embedded = timeProjection.Embed(timestep.reshape(-1).expand(sample.shape[0])); // (B, block_out_channels[0])
        var temb = time_embedding.call(embedded.to(sample.dtype, sample.device), conditions.TimestepCond); // (B, time_embed_dim)
        observer?.Invoke("time_embedding", temb);
        if (add_embedding is not null)
        {
            var added = add_embedding.call(Added(conditions.Added).to(sample.dtype, sample.device), null); // (B, time_embed_dim)
            observer?.Invoke("add_embedding", added);
            temb += added;
        }

        return scope.MoveToOuter(temb);
    }

    /// <returns>(B, projection_class_embeddings_input_dim), single precision</returns>
    private Tensor Added(AddedConditions? added)
    {
        if (added is null)
        {
            throw new ArgumentException($"A model with addition_embed_type {config.AdditionEmbedType} needs the pooled text and the sizes.", nameof(added));
        }

        var (texts, ids) = (added.TextEmbeds, added.TimeIds);
        var (width, expected) = (config.AdditionTimeEmbedDim!.Value, config.ProjectionClassEmbeddingsInputDim!.Value);
        if (texts.shape[1] + ids.shape[1] * width != expected)
        {
            throw new ArgumentException(
                $"The model's projection_class_embeddings_input_dim is {expected}, not {texts.shape[1]} of the pooled text and {ids.shape[1]} sizes of {width} channels.", nameof(added));
        }

        using var scope = NewDisposeScope();
        var sizes = new Timesteps(width, config.FlipSinToCos, config.FreqShift).Embed(ids.flatten()).reshape(texts.shape[0], -1); // (B, N · width)
        return scope.MoveToOuter(cat([texts.to(ScalarType.Float32), sizes], -1));
    }
}
