using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Tests.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

/// <summary>Parts that a config may leave out: a network without one is the network in which that part changes nothing, bit for bit.</summary>
public sealed class OptionalPartsTests : IDisposable
{
    private const string Weights = "diffusion_pytorch_model.safetensors";
    private readonly List<TemporaryFolder> folders = [];
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folders.ForEach(folder => folder.Dispose());
    }

    [Theory]
    [InlineData("null", "resnets.0.", "attentions.0.", "resnets.1.")] // BK-SDM, small-sd, tiny-sd
    [InlineData("\"UNetMidBlock2D\"", "attentions.0.", "resnets.1.")] // SSD-1B
    public void A_unets_middle_is_what_its_type_says(string type, params string[] left)
    {
        using var whole = NetworkFolder.LoadUNet(Changed("tiny-sd15/unet", tensors => Silence(tensors, left), _ => { }));
        using var less = NetworkFolder.LoadUNet(Changed("tiny-sd15/unet", tensors => Remove(tensors, left), config => config["mid_block_type"] = JsonNode.Parse(type)));
        var (sample, text) = (randn(2, 4, 8, 11), randn(2, 77, less.Config.CrossAttentionDim));
        using var controlNet = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet"));
        using var noGrad = no_grad();
        var residuals = controlNet.call(sample, tensor(500), new UNetConditions(text), rand(2, 3, 64, 88), 1, false);

        foreach (var conditions in new[] { new UNetConditions(text), new UNetConditions(text, Control: residuals) })
        {
            Same(whole.call(sample, tensor(500), conditions), less.call(sample, tensor(500), conditions));
        }
    }

    [Fact]
    public void A_controlnets_middle_may_be_a_residual_block_alone()
    {
        string[] left = ["attentions.0.", "resnets.1."];
        using var whole = NetworkFolder.LoadControlNet(Changed("tiny-controlnet", tensors => Silence(tensors, left), _ => { }));
        using var less = NetworkFolder.LoadControlNet(Changed("tiny-controlnet", tensors => Remove(tensors, left), config => config["mid_block_type"] = "UNetMidBlock2D"));
        var (sample, conditions, picture) = (randn(1, 4, 8, 8), new UNetConditions(randn(1, 77, less.Config.CrossAttentionDim)), rand(1, 3, 64, 64));

        Same(whole.call(sample, tensor(500), conditions, picture, 1, false).Mid, less.call(sample, tensor(500), conditions, picture, 1, false).Mid);
    }

    [Fact]
    public void A_vae_may_have_no_attention_and_no_convolutions_at_its_latents()
    {
        string[] left = ["attentions.0."];
        using var whole = NetworkFolder.LoadVae(Changed("tiny-sd15/vae", tensors =>
        {
            Silence(tensors, left);
            foreach (var conv in new[] { "quant_conv", "post_quant_conv" })
            {
                var weight = tensors[$"{conv}.weight"];
                tensors[$"{conv}.weight"] = eye(weight.shape[0]).reshape(weight.shape);
                tensors[$"{conv}.bias"] = zeros_like(tensors[$"{conv}.bias"]);
            }
        }, _ => { }));
        using var less = NetworkFolder.LoadVae(Changed("tiny-sd15/vae", tensors =>
        {
            Remove(tensors, left);
            Remove(tensors, ["quant_conv."], "");
            Remove(tensors, ["post_quant_conv."], "");
        }, config => (config["mid_block_add_attention"], config["use_quant_conv"], config["use_post_quant_conv"]) = (false, false, false)));
        var (picture, latents) = (rand(1, 3, 32, 48), randn(1, 4, 4, 6));

        Same(whole.Encode(picture).Mean, less.Encode(picture).Mean);
        Same(whole.Decode(latents), less.Decode(latents));
    }

    /// <summary>Every residual block and transformer there adds nothing to its input.</summary>
    private static void Silence(Dictionary<string, Tensor> tensors, string[] parts)
    {
        foreach (var key in Keys(tensors, parts, "mid_block.").Where(key => key.Contains(".conv2.", StringComparison.Ordinal) || key.Contains(".proj_out.", StringComparison.Ordinal) || key.Contains(".to_out.", StringComparison.Ordinal)))
        {
            tensors[key] = zeros_like(tensors[key]);
        }
    }

    private static void Remove(Dictionary<string, Tensor> tensors, string[] parts, string within = "mid_block.") =>
        Keys(tensors, parts, within).ForEach(key => tensors.Remove(key));

    private static List<string> Keys(Dictionary<string, Tensor> tensors, string[] parts, string within)
    {
        var keys = tensors.Keys.Where(key => parts.Any(part => within.Length == 0 ? key.StartsWith(part, StringComparison.Ordinal) : key.Contains(within + part, StringComparison.Ordinal))).ToList();
        Assert.NotEmpty(keys);
        return keys;
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.True(expected.std().item<float>() > 0, "the reference says something");
        Assert.Equal(0, (expected - actual).abs().max().item<float>());
    }

    private string Changed(string model, Action<Dictionary<string, Tensor>> weights, Action<JsonObject> config)
    {
        folders.Add(new TemporaryFolder());
        var copy = folders[^1].CopyOf(Goldens.Path($"models/{model}"));
        WeightsOnDisk.Rewrite(Path.Combine(copy, Weights), weights);
        var path = Path.Combine(copy, NetworkFolder.ConfigName);
        var json = ConfigFile.ReadObject(path);
        config(json);
        File.WriteAllText(path, json.ToJsonString());
        return copy;
    }
}
