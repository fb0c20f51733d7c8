using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// One network in a file of its own, in diffusers' layout or in LDM's. Its sizes are in a config.json beside it, else they
/// are the published ones. What the network does not have is passed over: such files carry what training left.
/// </summary>
internal static class NetworkFile
{
    private const string TextAttention = "attn2.to_k.weight";

    /// <summary>A VAE, which may also be that of a whole checkpoint.</summary>
    public static AutoencoderKL LoadVae(string path, AutoencoderKLConfig? published, ScalarType dtype, Device device)
    {
        using var file = WeightFiles.OpenFile(path);
        var config = Config(path, published ?? PublishedModel.Of(SingleFileFamily.SD1, 4, PredictionType.Epsilon).Vae);
        var network = new AutoencoderKL(config, LayerFactory.Shapes);
        WeightLayout layout = Prefix(file, "encoder.down.", LdmVae.Prefix, "vae.", "") is { } prefix
            ? LdmLayout.Vae(config, prefix)
            : key => [(KeyNames.Vae(key)!, new WeightPlace(key))];
        return WeightLoader.Load(network, file, layout, dtype, device, strict: false);
    }

    /// <summary>A ControlNet.</summary>
    public static ControlNetModel LoadControlNet(string path, ScalarType dtype, Device device)
    {
        using var file = WeightFiles.OpenFile(path);
        var config = Config(path, LdmControlNet.Of(PublishedModel.Of(Family(file), 4, PredictionType.Epsilon).UNet));
        var network = new ControlNetModel(config, LayerFactory.Shapes);
        WeightLayout layout = Prefix(file, "input_hint_block.", LdmControlNet.Prefix, "") is { } prefix
            ? LdmLayout.ControlNet(config, prefix)
            : key => [(key, new WeightPlace(key))];
        return WeightLoader.Load(network, file, layout, dtype, device, strict: false);
    }

    private static T Config<T>(string path, T published)
        where T : ICheckedConfig
    {
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, NetworkFolder.ConfigName);
        return File.Exists(beside) ? ConfigFile.Read<T>(beside) : published;
    }

    /// <summary>The first prefix under which the file has such keys, or null.</summary>
    private static string? Prefix(WeightFiles file, string known, params string[] prefixes) =>
        prefixes.FirstOrDefault(prefix => file.Names.Any(key => key.StartsWith(prefix + known, StringComparison.Ordinal)));

    /// <summary>Families differ in the width of the text embedding.</summary>
    private static SingleFileFamily Family(WeightFiles file) =>
        file.Names.Where(key => key.EndsWith(TextAttention, StringComparison.Ordinal)).Select(key => file[key].Shape[^1]).FirstOrDefault() switch
        {
            1024 => SingleFileFamily.SD2,
            2048 => SingleFileFamily.XL,
            _ => SingleFileFamily.SD1,
        };
}
