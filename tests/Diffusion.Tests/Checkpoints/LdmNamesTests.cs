using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

public sealed class LdmNamesTests
{
    private static readonly JsonObject Keys = ConfigFile.ReadObject(Goldens.Path("ldm-keys.json"));
    private static readonly JsonObject Configs = ConfigFile.ReadObject(Goldens.Path("published-configs.json"));

    [Theory]
    [InlineData("sd15/unet")]
    [InlineData("sd21/unet")]
    [InlineData("sdxl/unet")]
    public void Names_of_published_unets_go_both_ways(string network) =>
        BothWays(network, LdmUNet.Names(Config<UNet2DConditionConfig>(network)), LdmUNet.Prefix);

    [Fact]
    public void Names_of_the_published_vae_go_both_ways() =>
        BothWays("sd15/vae", LdmVae.Names(Config<AutoencoderKLConfig>("sd15/vae")), LdmVae.Prefix);

    [Theory]
    [InlineData("sd21/text_encoder", SingleFileFamilies.SD2TextEncoder)]
    [InlineData("sdxl/text_encoder_2", SingleFileFamilies.XLTextEncoder2)]
    public void A_joined_projection_is_three_weights(string network, string prefix)
    {
        var layout = LdmLayout.OpenClipText(Config<CLIPTextConfig>(network), prefix);
        Assert.All(Keys[network]!.AsObject(), pair => Assert.Equal(
            pair.Value!.AsArray().Select(name => (string)name!), layout(pair.Key).Select(weight => weight.Name)));
        Assert.Equal([(0, 3), (1, 3), (2, 3)], layout($"{prefix}transformer.resblocks.0.attn.in_proj_weight").Select(weight => (weight.Place.Part, weight.Place.Parts)));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    public void Every_weight_of_a_network_of_any_depth_has_a_name_of_its_own(int layers, int levels)
    {
        var unet = new UNet2DConditionConfig
        {
            LayersPerBlock = layers,
            BlockOutChannels = [.. Enumerable.Repeat(8, levels)],
            NormNumGroups = 4,
            DownBlockTypes = [nameof(DownBlock2D), .. Enumerable.Repeat(nameof(CrossAttnDownBlock2D), levels - 1)],
            UpBlockTypes = [.. Enumerable.Repeat(nameof(CrossAttnUpBlock2D), levels - 1), nameof(UpBlock2D)],
        };
        var vae = new AutoencoderKLConfig
        {
            LayersPerBlock = layers,
            BlockOutChannels = [.. Enumerable.Repeat(8, levels)],
            NormNumGroups = 4,
            DownBlockTypes = [.. Enumerable.Repeat("DownEncoderBlock2D", levels)],
            UpBlockTypes = [.. Enumerable.Repeat("UpDecoderBlock2D", levels)],
        };
        var control = LdmControlNet.Of(unet) with { LayersPerBlock = layers, NormNumGroups = 4 };
        Check(new UNet2DConditionModel(unet, LayerFactory.Shapes), LdmUNet.Names(unet), $"output_blocks.{(levels * (layers + 1)) - 1}.0.in_layers.0.weight");
        Check(new AutoencoderKL(vae, LayerFactory.Shapes), LdmVae.Names(vae), $"decoder.up.{levels - 1}.block.{layers}.conv1.weight");
        Check(new ControlNetModel(control, LayerFactory.Shapes), LdmControlNet.Names(control), $"zero_convs.{(levels * (layers + 1)) - 1}.0.weight");

        static void Check(torch.nn.Module network, RenameTable names, string last)
        {
            using (network)
            {
                string[] own = [.. network.named_parameters().Select(weight => weight.name)];
                var ldm = own.Select(names.ToLdm).ToArray();
                Assert.Equal(own, ldm.Select(name => names.ToDiffusers(name!)));
                Assert.Equal(own.Length, ldm.Distinct().Count());
                Assert.Contains(last, ldm);
            }
        }
    }

    [Fact]
    public void A_module_is_renamed_as_its_weights_are()
    {
        var names = LdmUNet.Names(Config<UNet2DConditionConfig>("sd15/unet"));
        Assert.Equal("down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", names.ToDiffusers("input_blocks.4.1.transformer_blocks.0.attn1.to_q"));
        Assert.Equal("output_blocks.2.1.conv", names.ToLdm("up_blocks.0.upsamplers.0.conv"));
        Assert.Null(names.ToDiffusers("input_blocks.12.0.op.weight"));
        Assert.Null(names.ToLdm("up_blocks.0.attentions.0.norm.weight"));
    }

    [Fact]
    public void OpenClips_bare_projection_is_transposed()
    {
        var layout = LdmLayout.OpenClipText(new CLIPTextConfig(), SingleFileFamilies.XLTextEncoder2);
        var (name, place) = Assert.Single(layout($"{SingleFileFamilies.XLTextEncoder2}text_projection"));
        Assert.Equal(("text_projection.weight", true), (name, place.Transposed));
    }

    private static void BothWays(string network, RenameTable names, string prefix) => Assert.All(Keys[network]!.AsObject(), pair =>
    {
        var (ldm, diffusers) = (pair.Key[prefix.Length..], (string)Assert.Single(pair.Value!.AsArray())!);
        Assert.Equal(diffusers, names.ToDiffusers(ldm));
        Assert.Equal(ldm, names.ToLdm(diffusers));
    });

    private static T Config<T>(string network)
        where T : ICheckedConfig => ConfigFile.Parse<T>(Configs[network]!.AsObject(), "published-configs.json");
}
