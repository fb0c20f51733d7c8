using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>One tensor of a layer's update ΔW = α/r · up · (mid ·) down.</summary>
internal enum LoraPart
{
    Down,
    Up,
    Mid,
    Alpha,
}

/// <summary>
/// A key of a LoRA file in any of the namings in use: PEFT's (<c>unet.….to_q.lora_A.weight</c>), diffusers' before it
/// (<c>unet.….processor.to_q_lora.down.weight</c>, <c>text_encoder.….q_proj.lora_linear_layer.up.weight</c>) and kohya's
/// (<c>lora_unet_…_to_q.lora_down.weight</c>, <c>.alpha</c>). They differ in dots and underscores, so a layer's name here has
/// underscores alone, and no prefix.
/// </summary>
internal readonly partial record struct LoraKey(LoraComponent Component, string Layer, LoraPart Part)
{
    private static readonly (string Prefix, LoraComponent Component)[] Prefixes =
    [
        ("lora_unet_", LoraComponent.UNet),
        ("lora_te1_", LoraComponent.TextEncoder),
        ("lora_te2_", LoraComponent.TextEncoder2),
        ("lora_te_", LoraComponent.TextEncoder),
        ("unet.", LoraComponent.UNet),
        ("text_encoder_2.", LoraComponent.TextEncoder2),
        ("text_encoder.", LoraComponent.TextEncoder),
        ("text_model.", LoraComponent.TextEncoder), // without a prefix: what PEFT wrote of one network by itself
        ("diffusion_model.", LoraComponent.UNet),
        ("down_blocks.", LoraComponent.UNet),
        ("mid_block.", LoraComponent.UNet),
        ("up_blocks.", LoraComponent.UNet),
    ];

    /// <summary>Kinds of adapter whose update is another formula, by what their keys hold; ^ and $ are a key's ends.</summary>
    private static readonly (string Mark, string Kind)[] Others =
    [
        ("dora_scale", "DoRA"),
        ("lora_magnitude_vector", "DoRA"),
        ("hada_w", "LoHa"),
        ("hada_t", "LoHa"),
        ("lokr_", "LoKr"),
        ("oft_", "OFT"),
        ("boft_", "BOFT"),
        (".on_input", "IA³"),
        ("ia3_", "IA³"),
        (".a1.weight", "GLoRA"),
        (".b1.weight", "GLoRA"),
        (".diff$", "a full difference of weights"),
        (".diff_b$", "a full difference of weights"),
        (".lora_B.bias", "LoRA with biases"),
        ("lora_embedding_", "LoRA of an embedding table"),
        ("^bundle_emb.", "a LoRA with textual inversion inside"),
        ("^lora_te3_", "LoRA for a text encoder that Stable Diffusion 1.x, 2.x and XL do not have"),
        ("^lora_transformer_", "LoRA for a transformer model"),
        ("^transformer.", "LoRA for a transformer model"),
        ("^lora_prior_", "LoRA for Stable Cascade"),
    ];

    /// <summary>Reads a key; null where it is none of a LoRA's.</summary>
    public static LoraKey? Parse(string key)
    {
        var match = Parts().Match(key.StartsWith("base_model.model.", StringComparison.Ordinal) ? key["base_model.model.".Length..] : key);
        string layer = match.Groups["layer"].Value;
        var (prefix, component) = Prefixes.FirstOrDefault(known => layer.StartsWith(known.Prefix, StringComparison.Ordinal));
        if (!match.Success || prefix is null)
        {
            return null;
        }

        var part = match.Groups["part"].Value switch
        {
            "down" or "A" => LoraPart.Down,
            "up" or "B" => LoraPart.Up,
            "mid" => LoraPart.Mid,
            _ => LoraPart.Alpha,
        };
        return new LoraKey(component, Canonical(component, Strip(layer, prefix)), part);
    }

    /// <summary>What other kind of adapter a key that <see cref="Parse"/> does not know belongs to, or null.</summary>
    public static string? OtherKind(string key) => Others.FirstOrDefault(other => $"^{key}$".Contains(other.Mark, StringComparison.Ordinal)).Kind;

    /// <summary>A network's module name as layers are named here.</summary>
    public static string Flat(string module) => module.Replace('.', '_');

    /// <summary>Prefixes that are part of the module's own name stay.</summary>
    private static string Strip(string layer, string prefix) =>
        prefix is "text_model." or "down_blocks." or "mid_block." or "up_blocks." ? layer : layer[prefix.Length..];

    private static string Canonical(LoraComponent component, string layer)
    {
        string flat = Flat(layer.Replace(".processor", "", StringComparison.Ordinal));
        if (component == LoraComponent.UNet)
        {
            return flat.EndsWith("_to_out", StringComparison.Ordinal) ? flat + "_0" : flat;
        }

        flat = OldTextAttention().Replace(flat, "_self_attn_${layer}_proj");
        return flat.StartsWith("encoder_layers_", StringComparison.Ordinal) ? $"text_model_{flat}" : flat; // as newest transformers have it
    }

    [GeneratedRegex(@"^(?<layer>.+?)(?:\.lora_(?<part>down|up|mid|A|B)(?:\.[^.]+)?\.weight|[._]lora(?:_linear_layer)?\.(?<part>down|up)\.weight|(?:[._]lora)?\.(?<part>alpha))$")]
    private static partial Regex Parts();

    [GeneratedRegex("_self_attn_to_(?<layer>q|k|v|out)$")]
    private static partial Regex OldTextAttention();
}
