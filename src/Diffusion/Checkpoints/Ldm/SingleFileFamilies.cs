namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>Recognises single files by their keys.</summary>
internal static class SingleFileFamilies
{
    public const string SD1TextEncoder = "cond_stage_model.transformer.";
    public const string SD2TextEncoder = "cond_stage_model.model.";
    public const string XLTextEncoder = "conditioner.embedders.0.transformer.";
    public const string XLTextEncoder2 = "conditioner.embedders.1.model.";
    public const string XLRefinerTextEncoder = "conditioner.embedders.0.model.";

    /// <summary>Keys that only models of other kinds have, with what those are.</summary>
    private static readonly (string Prefix, string Kind)[] Others =
    [
        ("edm_mean", "a Playground v2.5 model, which is trained in another way (EDM) than SDXL"),
        ("edm_vpred.", "a CosXL model, which is trained in another way (EDM) than SDXL"),
        ("model.diffusion_model.joint_blocks.", "a Stable Diffusion 3 model"),
        ("joint_blocks.", "a Stable Diffusion 3 model"),
        ("model.diffusion_model.double_blocks.", "a FLUX model"),
        ("double_blocks.", "a FLUX model"),
        ("control_model.", "a ControlNet; name it as one in the request"),
        ("controlnet_cond_embedding.", "a ControlNet; name it as one in the request"),
        ("lora_", "a LoRA; name it as one in the request"),
        ("down_blocks.", "one network in diffusers' layout; a model's folder has model_index.json and a folder for each network"),
        ("encoder.down.", "a VAE alone"),
    ];

    /// <exception cref="ModelFolderException">The file holds no model of these families; the message says what it looks like.</exception>
    public static SingleFileFamily Recognise(WeightFiles file)
    {
        if (Others.FirstOrDefault(other => Has(other.Prefix)) is { Kind: { } kind })
        {
            throw new ModelFolderException(file.Source, $"it is {kind}");
        }

        if (!Has(LdmUNet.Prefix))
        {
            throw new ModelFolderException(
                file.Source, $"no Stable Diffusion checkpoint: none of its {file.Names.Count()} tensors is called {LdmUNet.Prefix}…, as those of a U-Net are");
        }

        return Has(XLTextEncoder2) ? SingleFileFamily.XL
            : Has(XLRefinerTextEncoder) ? SingleFileFamily.XLRefiner
            : Has(SD2TextEncoder) ? SingleFileFamily.SD2
            : Has(SD1TextEncoder) ? SingleFileFamily.SD1
            : throw new ModelFolderException(
                file.Source, $"it has a U-Net and no text encoder ({SD1TextEncoder}…, {SD2TextEncoder}… or {XLTextEncoder2}…); take the whole checkpoint, not its U-Net alone");

        bool Has(string prefix) => file.Names.Any(key => key.StartsWith(prefix, StringComparison.Ordinal));
    }
}
