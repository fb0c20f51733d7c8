using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using static TorchSharp.torch.nn;
using GroupNorm = TorchSharp.Modules.GroupNorm;
using LayerNorm = TorchSharp.Modules.LayerNorm;

namespace StableDiffusion.Diffusion.Tests.Networks;

/// <summary>At their published sizes the networks have exactly the published weights. They are built without memory.</summary>
public sealed class PublishedSizesTests
{
    private static readonly JsonObject Configs = JsonNode.Parse(File.ReadAllBytes(Goldens.Path("published-configs.json")))!.AsObject();
    private static readonly JsonDocument Keys = JsonDocument.Parse(File.ReadAllBytes(Goldens.Path("published-keys.json")));

    [Theory]
    [InlineData("sd15/text_encoder")]
    [InlineData("sd21/text_encoder")]
    public void Text_encoders_have_the_published_weights(string name) =>
        Matches(name, new CLIPTextModel(Config<CLIPTextConfig>(name), LayerFactory.Shapes));

    [Fact]
    public void Sdxls_second_text_encoder_has_the_published_weights() =>
        Matches("sdxl/text_encoder_2", new CLIPTextModelWithProjection(Config<CLIPTextConfig>("sdxl/text_encoder_2"), LayerFactory.Shapes));

    [Theory]
    [InlineData("sd15/unet")]
    [InlineData("sd15-inpaint/unet")]
    [InlineData("sd21/unet")]
    [InlineData("sdxl/unet")]
    public void Unets_have_the_published_weights(string name) =>
        Matches(name, new UNet2DConditionModel(Config<UNet2DConditionConfig>(name), LayerFactory.Shapes));

    [Theory]
    [InlineData("{}", 859.5)]
    [InlineData("""{ "layers_per_block": 1 }""", 579.4)] // Base
    [InlineData("""{ "layers_per_block": 1, "mid_block_type": null }""", 482.3)] // Small
    [InlineData(
        """
        {
            "layers_per_block": 1, "mid_block_type": null, "block_out_channels": [320, 640, 1280],
            "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
        }
        """,
        323.4)] // Tiny
    public void Unets_distilled_from_SD15_have_as_many_million_weights_as_BK_SDM_says(string change, double millions)
    {
        // https://arxiv.org/abs/2305.15798, table 1
        var config = Configs["sd15/unet"]!.DeepClone().AsObject();
        foreach (var (field, value) in JsonNode.Parse(change)!.AsObject())
        {
            config[field] = value?.DeepClone();
        }

        using var unet = new UNet2DConditionModel(ConfigFile.Parse<UNet2DConditionConfig>(config, "unet"), LayerFactory.Shapes);
        Assert.Equal(millions, unet.parameters().Sum(weight => weight.numel()) / 1e6, 1);
    }

    [Theory]
    [InlineData("sd15/controlnet")]
    [InlineData("sdxl/controlnet")]
    public void Controlnets_have_the_published_weights(string name) =>
        Matches(name, new ControlNetModel(Config<ControlNetConfig>(name), LayerFactory.Shapes));

    [Fact]
    public void Vae_has_the_published_weights() =>
        Matches("sd15/vae", new AutoencoderKL(Config<AutoencoderKLConfig>("sd15/vae"), LayerFactory.Shapes));

    [Fact]
    public void Norms_have_the_eps_of_diffusers()
    {
        // numbers of tiny networks tell another one by a hair's breadth
        HasEps(new UNet2DConditionModel(Config<UNet2DConditionConfig>("sd15/unet"), LayerFactory.Shapes), 1e-5, transformers: 1e-6);
        HasEps(new ControlNetModel(Config<ControlNetConfig>("sd15/controlnet"), LayerFactory.Shapes), 1e-5, transformers: 1e-6);
        HasEps(new AutoencoderKL(Config<AutoencoderKLConfig>("sd15/vae"), LayerFactory.Shapes), 1e-6, transformers: null);
        HasEps(new CLIPTextModel(Config<CLIPTextConfig>("sd15/text_encoder"), LayerFactory.Shapes), 1e-5, transformers: null);
    }

    private static void HasEps(Module network, double eps, double? transformers)
    {
        using (network)
        {
            var norms = network.named_modules().Where(module => module.module is GroupNorm or LayerNorm).ToArray();
            Assert.NotEmpty(norms);
            Assert.All(norms, norm => Assert.Equal(
                norm.module is GroupNorm && norm.name.Contains("attentions.", StringComparison.Ordinal) ? transformers ?? eps : eps,
                norm.module is GroupNorm group ? group.eps : ((LayerNorm)norm.module).eps));
        }
    }

    private static T Config<T>(string name)
        where T : ICheckedConfig => ConfigFile.Parse<T>(Configs[name]!.AsObject(), name);

    private static void Matches(string name, Module network)
    {
        using (network)
        {
            var expected = Keys.RootElement.GetProperty(name).EnumerateObject().Select(key => $"{key.Name} {key.Value.GetRawText().Replace(" ", "", StringComparison.Ordinal)}");
            var built = network.named_parameters().Select(pair => $"{pair.name} [{string.Join(",", pair.parameter.shape)}]");
            Assert.Equal(expected.Order(StringComparer.Ordinal), built.Order(StringComparer.Ordinal));
        }
    }
}
