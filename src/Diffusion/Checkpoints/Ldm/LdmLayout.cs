using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>Which keys of a checkpoint in the original LDM/OpenCLIP layout are which weights of a network.</summary>
internal static class LdmLayout
{
    private const string EmaPrefix = "model_ema.";

    /// <summary>What the averaged weights of a U-Net begin with.</summary>
    public const string EmaOfUNet = EmaPrefix + "diffusion_model";

    /// <summary>A U-Net's.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="ema">Whether the weights are the averaged ones, whose keys have lost the points between their parts.</param>
    public static WeightLayout UNet(UNet2DConditionConfig config, bool ema = false)
    {
        var names = LdmUNet.Names(config);
        return key => Stripped(key, LdmUNet.Prefix, names.ToDiffusers, ema ? EmaKey(key) : key);
    }

    /// <summary>A VAE's, with or without a prefix.</summary>
    public static WeightLayout Vae(AutoencoderKLConfig config, string prefix = LdmVae.Prefix)
    {
        var names = LdmVae.Names(config);
        return key => Stripped(key, prefix, names.ToDiffusers, key);
    }

    /// <summary>A ControlNet's, with or without a prefix.</summary>
    public static WeightLayout ControlNet(ControlNetConfig config, string prefix)
    {
        var names = LdmControlNet.Names(config);
        return key => Stripped(key, prefix, names.ToDiffusers, key);
    }

    /// <summary>CLIP's own text encoder (SD 1.x, SDXL's first), whose keys are transformers'.</summary>
    public static WeightLayout ClipText(string prefix) => key => Stripped(key, prefix, KeyNames.TextEncoder, key);

    /// <summary>OpenCLIP's text encoder (SD 2.x, SDXL's second).</summary>
    public static WeightLayout OpenClipText(CLIPTextConfig config, string prefix)
    {
        var names = OpenClip.Names(config);
        return key => key.StartsWith(prefix, StringComparison.Ordinal) ? OpenClip.Weights(names, key[prefix.Length..], key) : [];
    }

    /// <summary><c>model.diffusion_model.out.0.bias</c> is <c>model_ema.diffusion_modelout0bias</c> there.</summary>
    private static string EmaKey(string key) => EmaPrefix + key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..].Replace(".", null, StringComparison.Ordinal);

    private static IEnumerable<(string Name, WeightPlace Place)> Stripped(string key, string prefix, Func<string, string?> rename, string place) =>
        key.StartsWith(prefix, StringComparison.Ordinal) && rename(key[prefix.Length..]) is { } name ? [(name, new WeightPlace(place))] : [];
}
