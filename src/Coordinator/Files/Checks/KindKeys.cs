using System.Text.RegularExpressions;
using StableDiffusion.Contracts.Files;

namespace StableDiffusion.Coordinator.Files.Checks;

/// <summary>Tells by its tensors' names what a file of weights is for. Whether all of them are there, and fit a model, is seen when a worker loads it.</summary>
internal static partial class KindKeys
{
    private static readonly string[] TextEncoders =
        ["cond_stage_model.transformer.", "cond_stage_model.model.", "conditioner.embedders.0.transformer.", "conditioner.embedders.0.model.", "conditioner.embedders.1.model."];

    private static readonly string[] EmbeddingKeys = ["emb_params", "*", "string_to_param", "string_to_param.*", "string_to_param:*"];

    /// <summary>Adapters whose update is another formula than LoRA's; LoRAs as workers read them have none of these in their keys.</summary>
    private static readonly (string Mark, string Kind)[] OtherAdapters =
    [
        ("dora_scale", "a DoRA"), ("lora_magnitude_vector", "a DoRA"), ("hada_", "a LoHa"), ("lokr_", "a LoKr"), ("oft_", "an OFT"), ("ia3_", "an IA³"),
        ("lora_transformer_", "a LoRA for a transformer model"), ("lora_prior_", "a LoRA for Stable Cascade"),
    ];

    /// <summary>Why the file cannot be of the kind, in a sentence; null when it can.</summary>
    public static string? Fault(FileKind kind, SafetensorsHeader header)
    {
        var (found, what) = Recognise(header);
        return found == kind ? null
            : found is { } other ? $"By its tensors' names it is {what}: register it as {other.ToString().ToLowerInvariant()}."
            : what is not null ? $"By its tensors' names it is {what}, which workers do not draw with."
            : $"It is no {kind.Word()}: none of its {header.Tensors.Count} tensors is called as {Expected(kind)}. The first is {header.Tensors[0].Name}.";
    }

    private static (FileKind? Kind, string? What) Recognise(SafetensorsHeader header)
    {
        foreach (var (mark, kind) in OtherAdapters)
        {
            if (header.Tensors.Any(tensor => tensor.Name.Contains(mark, StringComparison.Ordinal)))
            {
                return (null, kind);
            }
        }

        return header.Tensors.Any(tensor => LoraKey().IsMatch(tensor.Name)) ? (FileKind.Lora, "a LoRA")
            : header.Has("model.diffusion_model.joint_blocks.") || header.Has("joint_blocks.") ? (null, "a Stable Diffusion 3 model")
            : header.Has("model.diffusion_model.double_blocks.") || header.Has("double_blocks.") ? (null, "a FLUX model")
            : header.Has("edm_mean") || header.Has("edm_vpred.") ? (null, "a model that is trained in another way (EDM)")
            : header.Has("control_model.") || header.Has("controlnet_cond_embedding.") || header.Has("input_hint_block.") ? (FileKind.Controlnet, "a ControlNet")
            : header.Has("model.diffusion_model.") ? TextEncoders.Any(header.Has) ? (FileKind.Checkpoint, "a checkpoint") : (null, "a U-Net without its text encoder and VAE")
            : IsVae(header) ? (FileKind.Vae, "a VAE")
            : header.Has("down_blocks.") || header.Has("text_model.") ? (null, "one network of a model in diffusers' layout alone")
            : IsEmbedding(header) ? (FileKind.Embedding, "an embedding")
            : (null, null);
    }

    private static bool IsVae(SafetensorsHeader header) =>
        (header.Has("decoder.conv_in.") && header.Has("encoder.conv_in.")) || (header.Has("first_stage_model.decoder.") && header.Has("first_stage_model.encoder."));

    private static bool IsEmbedding(SafetensorsHeader header)
    {
        string[] names = [.. header.Tensors.Select(tensor => tensor.Name)];
        return header.Tensors.All(tensor => tensor.Shape.Count is 1 or 2)
            && (names.Length == 1 || names.Any(EmbeddingKeys.Contains) || (names.Contains("clip_l") && names.Contains("clip_g"))
                || (names.Contains("text_encoders_0") && names.Contains("text_encoders_1")));
    }

    private static string Expected(FileKind kind) => kind switch
    {
        FileKind.Checkpoint => "model.diffusion_model.…, as a checkpoint's U-Net is",
        FileKind.Lora => "….lora_down.weight, ….lora_A.weight or the like",
        FileKind.Embedding => "emb_params, or clip_l and clip_g, and an embedding with another name has one tensor alone",
        FileKind.Vae => "decoder.conv_in.weight and encoder.conv_in.weight",
        _ => "controlnet_cond_embedding.…, control_model.… or input_hint_block.…",
    };

    [GeneratedRegex(@"(\.lora_(down|up|mid|A|B)\b|[._]lora(_linear_layer)?\.(down|up)\b)")]
    private static partial Regex LoraKey();
}
