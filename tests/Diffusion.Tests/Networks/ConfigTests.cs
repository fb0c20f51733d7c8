using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class ConfigTests
{
    [Theory]
    [InlineData("act_fn", "\"mish\"", "silu")]
    [InlineData("down_block_types", "[\"CrossAttnDownBlock2D\",\"AttnDownBlock2D\"]", "DownBlock2D")]
    [InlineData("up_block_types", "[\"SimpleCrossAttnUpBlock2D\"]", "CrossAttnUpBlock2D")]
    [InlineData("class_embed_type", "\"timestep\"", "null")]
    [InlineData("addition_embed_type", "\"text_image\"", "text_time")]
    [InlineData("resnet_time_scale_shift", "\"scale_shift\"", "default")]
    [InlineData("mid_block_type", "\"UNetMidBlock2DSimpleCrossAttn\"", "UNetMidBlock2DCrossAttn")]
    [InlineData("dropout", "0.1", "0")]
    public void A_unet_that_is_not_built_is_refused_with_field_value_and_choice(string field, string value, string supported) =>
        Refused<UNet2DConditionConfig>("unet", field, value, supported);

    [Theory]
    [InlineData("act_fn", "\"gelu\"", "silu")]
    [InlineData("down_block_types", "[\"AttnDownEncoderBlock2D\"]", "DownEncoderBlock2D")]
    [InlineData("_class_name", "\"AutoencoderTiny\"", "AutoencoderKL")]
    [InlineData("latents_mean", "[0.1]", "null")]
    public void A_vae_that_is_not_built_is_refused_with_field_value_and_choice(string field, string value, string supported) =>
        Refused<AutoencoderKLConfig>("vae", field, value, supported);

    [Theory]
    [InlineData("hidden_act", "\"relu\"", "quick_gelu")]
    [InlineData("architectures", "[\"CLIPVisionModel\"]", "CLIPTextModel")]
    public void A_text_encoder_that_is_not_built_is_refused_with_field_value_and_choice(string field, string value, string supported) =>
        Refused<CLIPTextConfig>("text_encoder", field, value, supported);

    [Theory]
    [InlineData("attention_head_dim", "3", "divide")]
    [InlineData("attention_head_dim", "[4, 4]", "levels")]
    [InlineData("norm_num_groups", "3", "norm_num_groups")]
    [InlineData("down_block_types", "[\"DownBlock2D\"]", "block_out_channels")]
    [InlineData("in_channels", "0", "from 1")]
    [InlineData("sample_size", "-64", "from 1")]
    public void A_unet_whose_fields_do_not_fit_together_is_refused(string field, string value, string rule) =>
        Assert.Contains(rule, Parse<UNet2DConditionConfig>("unet", field, value).Message, StringComparison.Ordinal);

    [Fact]
    public void Sizes_below_one_are_refused()
    {
        Refused<AutoencoderKLConfig>("vae", "layers_per_block", "0", "from 1");
        Refused<CLIPTextConfig>("text_encoder", "num_hidden_layers", "-1", "from 1");
        Refused<CLIPTextConfig>("text_encoder", "vocab_size", "0", "from 1");
        Assert.Contains(("conditioning_embedding_out_channels", "-1", "a whole number from 1"), new ControlNetConfig { ConditioningEmbeddingOutChannels = [16, -1] }.Contradictions());
    }

    [Fact]
    public void A_field_of_the_wrong_kind_is_refused()
    {
        var problem = Parse<UNet2DConditionConfig>("unet", "in_channels", "\"four\"");
        Assert.Contains("in_channels", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_that_nobody_knows_are_ignored()
    {
        var json = Json("unet");
        json["a_field_of_tomorrow"] = true;
        Assert.NotNull(ConfigFile.Parse<UNet2DConditionConfig>(json, "config.json"));
    }

    [Theory]
    [InlineData("{\"in_channels\": 4,")]
    [InlineData("[]")]
    [InlineData("{\"in_channels\": 4, \"in_channels\": 8}")]
    public void A_config_that_is_not_json_is_refused_by_name(string text)
    {
        using var folder = new TemporaryFolder();
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/unet"));
        string config = Path.Combine(copy, "config.json");
        File.WriteAllText(config, text);
        Assert.Equal(config, Assert.Throws<UnsupportedConfigException>(() => NetworkFolder.LoadUNet(copy)).File);
    }

    [Fact]
    public void Heads_go_by_their_true_name_first()
    {
        var json = Json("unet");
        int heads = (int)json["attention_head_dim"]! / 2;
        json["num_attention_heads"] = heads;
        Assert.Equal(heads, ConfigFile.Parse<UNet2DConditionConfig>(json, "config.json").Heads[0]);
    }

    [Theory]
    [InlineData("_class_name", "\"ControlNetUnionModel\"", "ControlNetModel")]
    [InlineData("mid_block_type", "null", "UNetMidBlock2DCrossAttn")]
    [InlineData("controlnet_conditioning_channel_order", "\"gbr\"", "bgr")]
    public void A_controlnet_that_is_not_built_is_refused_with_field_value_and_choice(string field, string value, string supported)
    {
        var json = ConfigFile.ReadObject(Goldens.Path("models/tiny-controlnet/config.json"));
        json[field] = JsonNode.Parse(value);
        var problem = Assert.Throws<UnsupportedConfigException>(() => ConfigFile.Parse<ControlNetConfig>(json, "some/config.json"));
        Assert.Equal(field, problem.Field);
        Assert.Contains(supported, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text_config", "hidden_act", "\"relu\"")]
    [InlineData("vision_config", "num_attention_heads", "5")]
    [InlineData("vision_config", "patch_size", "0")]
    public void An_encoder_within_a_clip_is_refused_with_where_it_stands(string part, string field, string value)
    {
        var json = ConfigFile.ReadObject(Goldens.Path("models/tiny-clip/config.json"));
        json[part]![field] = JsonNode.Parse(value);
        Assert.Equal($"{part}.{field}", Assert.Throws<UnsupportedConfigException>(() => ConfigFile.Parse<CLIPConfig>(json, "some/config.json")).Field);
    }

    private static void Refused<T>(string network, string field, string value, string supported)
        where T : ICheckedConfig
    {
        var problem = Parse<T>(network, field, value);
        Assert.Equal(field, problem.Field);
        Assert.Contains(problem.Value!, value, StringComparison.Ordinal);
        Assert.Contains(problem.Value!, problem.Message, StringComparison.Ordinal);
        Assert.Contains(supported, problem.Message, StringComparison.Ordinal);
        Assert.StartsWith("some/config.json: ", problem.Message, StringComparison.Ordinal);
    }

    private static UnsupportedConfigException Parse<T>(string network, string field, string value)
        where T : ICheckedConfig
    {
        var json = Json(network);
        json[field] = JsonNode.Parse(value);
        return Assert.Throws<UnsupportedConfigException>(() => ConfigFile.Parse<T>(json, "some/config.json"));
    }

    private static JsonObject Json(string network) => ConfigFile.ReadObject(Goldens.Path($"models/tiny-sd15/{network}/config.json"));
}
