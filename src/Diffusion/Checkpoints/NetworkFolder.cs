using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// One network's folder in a diffusers model: config.json and safetensors. Loading is strict; the network comes in
/// evaluation mode and is the caller's to dispose.
/// </summary>
public static class NetworkFolder
{
    internal const string TransformersName = "model";
    internal const string DiffusersName = "diffusion_pytorch_model";
    internal const string ConfigName = "config.json";

    /// <summary>Loads a text encoder.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public static CLIPTextModel LoadTextEncoder(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        Load<CLIPTextModel, CLIPTextConfig>(folder, TransformersName, config => new(config, LayerFactory.Shapes), KeyNames.TextEncoder, dtype, device);

    /// <summary>Loads SDXL's second text encoder.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public static CLIPTextModelWithProjection LoadTextEncoder2(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        Load<CLIPTextModelWithProjection, CLIPTextConfig>(folder, TransformersName, config => new(config, LayerFactory.Shapes), KeyNames.TextEncoder2, dtype, device);

    /// <summary>Loads a CLIP with both its encoders.</summary>
    /// <inheritdoc cref="LoadUNet"/>
    public static CLIPModel LoadClip(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        Load<CLIPModel, CLIPConfig>(folder, TransformersName, config => new(config, LayerFactory.Shapes), KeyNames.Clip, dtype, device);

    /// <summary>Loads a VAE.</summary>
    /// <param name="path">Its folder, or a .safetensors file in diffusers' or LDM's layout: a VAE's own, or a whole checkpoint.</param>
    /// <param name="dtype">The type that the weights get, whatever the file's is.</param>
    /// <param name="device">Where they go; null is the CPU.</param>
    /// <param name="published">
    /// The sizes and the scaling factor of a file that has no config.json beside it: those of the model that it is for, since
    /// a file does not tell SDXL's VAE from SD 1.x's. Null is SD 1.x's.
    /// </param>
    /// <exception cref="InvalidModelException">Something is missing, corrupt, not built or does not fit; the message says what.</exception>
    public static AutoencoderKL LoadVae(
        string path, ScalarType dtype = ScalarType.Float32, Device? device = null, AutoencoderKLConfig? published = null) => File.Exists(path)
        ? NetworkFile.LoadVae(path, published, dtype, device ?? CPU)
        : Load<AutoencoderKL, AutoencoderKLConfig>(path, DiffusersName, config => new(config, LayerFactory.Shapes), KeyNames.Vae, dtype, device);

    /// <summary>Loads a U-Net.</summary>
    /// <param name="folder">Holds config.json and the weights.</param>
    /// <param name="dtype">The type that the weights get, whatever the file's is.</param>
    /// <param name="device">Where they go; null is the CPU.</param>
    /// <exception cref="InvalidModelException">Something is missing, corrupt, not built or does not fit; the message says what.</exception>
    public static UNet2DConditionModel LoadUNet(string folder, ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        Load<UNet2DConditionModel, UNet2DConditionConfig>(folder, DiffusersName, config => new(config, LayerFactory.Shapes), KeyNames.UNet, dtype, device);

    /// <summary>Loads a ControlNet.</summary>
    /// <param name="path">Its folder, or a .safetensors file in diffusers' or LDM's layout, which may have a config.json beside it.</param>
    /// <param name="dtype">The type that the weights get, whatever the file's is.</param>
    /// <param name="device">Where they go; null is the CPU.</param>
    /// <exception cref="InvalidModelException">Something is missing, corrupt, not built or does not fit; the message says what.</exception>
    public static ControlNetModel LoadControlNet(string path, ScalarType dtype = ScalarType.Float32, Device? device = null) => File.Exists(path)
        ? NetworkFile.LoadControlNet(path, dtype, device ?? CPU)
        : Load<ControlNetModel, ControlNetConfig>(path, DiffusersName, config => new(config, LayerFactory.Shapes), KeyNames.UNet, dtype, device);

    /// <summary>Writes a text encoder as transformers reads it.</summary>
    /// <inheritdoc cref="Save(string, UNet2DConditionModel, ScalarType)"/>
    public static void Save(string folder, CLIPTextModel network, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, TransformersName, network, network.Config, dtype, ("architectures", new[] { nameof(CLIPTextModel) }), ("model_type", "clip_text_model"));

    /// <summary>Writes a VAE as diffusers reads it.</summary>
    /// <inheritdoc cref="Save(string, UNet2DConditionModel, ScalarType)"/>
    public static void Save(string folder, AutoencoderKL network, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, DiffusersName, network, network.Config, dtype, ("_class_name", nameof(AutoencoderKL)));

    /// <summary>Writes a U-Net as diffusers reads it.</summary>
    /// <param name="folder">Is made where it is not there; files in it are replaced.</param>
    /// <param name="network">Stays as it is.</param>
    /// <param name="dtype">The type of the weights in the file.</param>
    public static void Save(string folder, UNet2DConditionModel network, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, DiffusersName, network, network.Config, dtype, ("_class_name", nameof(UNet2DConditionModel)));

    /// <summary>The files that loading a network reads.</summary>
    internal static IEnumerable<string> Files(string folder, string baseName, ScalarType dtype)
    {
        var weights = WeightFiles.Find(folder, baseName, IsHalf(dtype));
        return [Path.Combine(folder, ConfigName), weights, .. WeightFiles.Parts(weights).Where(part => part != weights)];
    }

    private static TNetwork Load<TNetwork, TConfig>(
        string folder, string baseName, Func<TConfig, TNetwork> build, Func<string, string?> rename, ScalarType dtype, Device? device)
        where TNetwork : Module
        where TConfig : ICheckedConfig
    {
        var path = Path.Combine(folder, ConfigName);
        if (!File.Exists(path))
        {
            throw new ModelFolderException(folder, $"it has no {ConfigName}");
        }

        var config = ConfigFile.Read<TConfig>(path);
        using var weights = WeightFiles.Open(WeightFiles.Find(folder, baseName, IsHalf(dtype)));
        return WeightLoader.Load(build(config), weights, key => rename(key) is { } name ? [(name, new WeightPlace(key))] : [], dtype, device ?? CPU);
    }

    private static void Save<TConfig>(
        string folder, string baseName, Module network, TConfig config, ScalarType dtype, params (string Field, object Value)[] identity)
        where TConfig : ICheckedConfig
    {
        Directory.CreateDirectory(folder);
        ConfigFile.Write(Path.Combine(folder, ConfigName), config, identity);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weights = network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.to(dtype));
        SafetensorsWriter.Write(
            Path.Combine(folder, $"{baseName}.safetensors"), weights, new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static bool IsHalf(ScalarType dtype) => dtype is ScalarType.Float16 or ScalarType.BFloat16;
}
