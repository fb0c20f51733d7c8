using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Tests.Networks;

/// <summary>Pruned SDXL models give every residual block's transformer a depth of its own, on the way up another than down.</summary>
public sealed class LayerDepthsTests
{
    private const string Down = "[0,[2,2],[4,1]]";
    private const string Up = "[[4,4,10],[2,1,0],1]";

    [Fact]
    public void Depths_by_layer_are_built_as_the_lists_say()
    {
        using var unet = new UNet2DConditionModel(Parse(Down, Up), LayerFactory.Shapes);
        var names = unet.named_parameters().Select(pair => pair.name).ToHashSet();
        Assert.Equal([2, 2], Depths("down_blocks.1", 2));
        Assert.Equal([4, 1], Depths("down_blocks.2", 2));
        Assert.Equal([4], Depths("mid_block", 1));
        Assert.Equal([4, 4, 10], Depths("up_blocks.0", 3));
        Assert.Equal([2, 1, 0], Depths("up_blocks.1", 3));
        Assert.Contains("up_blocks.1.attentions.2.proj_in.weight", names); // no depth, but still its projections

        int[] Depths(string block, int layers) => [.. Enumerable.Range(0, layers).Select(layer =>
            names.Count(name => name.StartsWith($"{block}.attentions.{layer}.transformer_blocks.", StringComparison.Ordinal) && name.EndsWith(".norm1.weight", StringComparison.Ordinal)))];
    }

    [Theory]
    [InlineData("1")]
    [InlineData("[1,2,10]")]
    [InlineData(Down)]
    public void Depths_are_written_as_they_were_read(string json)
    {
        var written = Path.GetTempFileName();
        ConfigFile.Write(written, Parse(json, Up));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), ConfigFile.ReadObject(written)["transformer_layers_per_block"]));
        File.Delete(written);
    }

    [Theory]
    [InlineData("[1,2]", null, "transformer_layers_per_block")]
    [InlineData("[1,[1,2,3],1]", Up, "transformer_layers_per_block")]
    [InlineData("-1", null, "transformer_layers_per_block")]
    [InlineData(Down, null, "reverse_transformer_layers_per_block")]
    [InlineData("1", "[[1,2],1,1]", "reverse_transformer_layers_per_block")]
    public void Depths_that_do_not_fit_are_refused(string down, string? up, string field) =>
        Assert.Equal(field, Assert.Throws<UnsupportedConfigException>(() => Parse(down, up)).Field);

    private static UNet2DConditionConfig Parse(string down, string? up)
    {
        var json = ConfigFile.ReadObject(Goldens.Path("models/tiny-sdxl/unet/config.json"));
        json["block_out_channels"] = JsonNode.Parse("[8,16,16]");
        json["attention_head_dim"] = 4;
        json["norm_num_groups"] = 4;
        json["layers_per_block"] = 2;
        json["transformer_layers_per_block"] = JsonNode.Parse(down);
        json["reverse_transformer_layers_per_block"] = up is null ? null : JsonNode.Parse(up);
        return ConfigFile.Parse<UNet2DConditionConfig>(json, "config.json");
    }
}
