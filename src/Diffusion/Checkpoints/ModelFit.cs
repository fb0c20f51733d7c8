using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>Whether the parts of a model belong together, so that a folder put together wrongly is told at the start.</summary>
internal static class ModelFit
{
    private static readonly string[] OtherTrainings = ["EDM", "FlowMatch"]; // how diffusers' names of their schedulers begin

    /// <exception cref="ModelFolderException">They do not; the message says which do not fit and how.</exception>
    public static void Check(StableDiffusionModel model)
    {
        if (Faults(model).FirstOrDefault(fault => fault is not null) is { } fault)
        {
            throw new ModelFolderException(model.Source, fault);
        }
    }

    private static IEnumerable<string?> Faults(StableDiffusionModel model)
    {
        yield return Training(model.SchedulerConfig["_class_name"]?.ToString());
        var (unet, latents) = (model.UNet.Config, model.Vae.Config.LatentChannels);
        var text = model.TextEncoders.Sum(encoder => encoder.Network.Config.HiddenSize);
        yield return unet.InChannels == latents || unet.InChannels == (2 * latents) + 1 ? null
            : $"its U-Net takes {unet.InChannels} channels; built are models that take the VAE's {latents}, and {(2 * latents) + 1} with a mask and a picture to paint in";
        yield return unet.OutChannels == latents ? null : $"its U-Net gives {unet.OutChannels} channels, and its VAE takes {latents}";
        yield return unet.CrossAttentionDim == text ? null
            : $"its U-Net takes text embeddings of {unet.CrossAttentionDim} values, and its text encoders give {text}";
        yield return Added(unet, model.TextEncoder2?.Config, model.TimeIds);
        foreach (var (tokenizer, encoder) in model.TextEncoders)
        {
            yield return Vocabulary(tokenizer, encoder.Config);
        }
    }

    private static string? Training(string? scheduler) => OtherTrainings.Any(name => scheduler?.StartsWith(name, StringComparison.Ordinal) == true)
        ? $"its scheduler is {scheduler}; models trained in that way, and not on the noise levels of Stable Diffusion, are not built"
        : null;

    private static string? Added(UNet2DConditionConfig unet, CLIPTextConfig? textEncoder2, int timeIds)
    {
        if ((unet.AdditionEmbedType is null) != (textEncoder2 is null))
        {
            return textEncoder2 is null
                ? "its U-Net is SDXL's, and there is no second text encoder (text_encoder_2)"
                : "it has SDXL's second text encoder, and its U-Net takes no pooled text";
        }

        var values = textEncoder2?.ProjectionDim + (timeIds * unet.AdditionTimeEmbedDim);
        return values == (textEncoder2 is null ? null : unet.ProjectionClassEmbeddingsInputDim) ? null
            : $"its U-Net takes {unet.ProjectionClassEmbeddingsInputDim} values of pooled text and sizes, and there are {values} with {timeIds} sizes; a refiner, which takes a score for one, says requires_aesthetics_score in model_index.json";
    }

    private static string? Vocabulary(CLIPTokenizer tokenizer, CLIPTextConfig textEncoder) => tokenizer.VocabularySize <= textEncoder.VocabSize ? null
        : $"its tokenizer knows {tokenizer.VocabularySize} tokens, and its text encoder {textEncoder.VocabSize}";
}
