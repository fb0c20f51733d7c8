using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Adapters;

public sealed class LoraFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora_A.weight", ".lora_B.weight")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora_A.default.weight", ".lora_B.default.weight")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora.down.weight", ".lora.up.weight")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out", "_lora.down.weight", "_lora.up.weight")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight")]
    [InlineData("base_model.model.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora_A.weight", ".lora_B.weight")]
    [InlineData("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0", ".lora_down.weight", ".lora_up.weight")]
    [InlineData("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_out_0", ".lora_down.weight", ".lora_up.weight")]
    [InlineData("diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_out.0", ".lora_A.weight", ".lora_B.weight")]
    public void Every_naming_of_a_unet_layer_is_the_same_layer(string layer, string down, string up) =>
        AssertMerged("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", layer, down, up, 16);

    [Theory]
    [InlineData("text_encoder.text_model.encoder.layers.1.self_attn.out_proj", ".lora_A.weight", ".lora_B.weight")]
    [InlineData("text_encoder.encoder.layers.1.self_attn.out_proj", ".lora_A.weight", ".lora_B.weight")]
    [InlineData("text_encoder.text_model.encoder.layers.1.self_attn.out_proj", ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight")]
    [InlineData("text_encoder.text_model.encoder.layers.1.self_attn.to_out", "_lora.down.weight", "_lora.up.weight")]
    [InlineData("lora_te_text_model_encoder_layers_1_self_attn_out_proj", ".lora_down.weight", ".lora_up.weight")]
    [InlineData("lora_te1_text_model_encoder_layers_1_self_attn_out_proj", ".lora_down.weight", ".lora_up.weight")]
    [InlineData("base_model.model.text_model.encoder.layers.1.self_attn.out_proj", ".lora_A.weight", ".lora_B.weight")]
    public void Every_naming_of_a_text_encoder_layer_is_the_same_layer(string layer, string down, string up) =>
        AssertMerged("text_encoder.text_model.encoder.layers.1.self_attn.out_proj", layer, down, up, 32);

    [Theory]
    [InlineData(null, 1)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.r": 4}""", 2)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.use_rslora": true}""", 4)]
    [InlineData("""{"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 12, "to_k": 1}}""", 3)]
    [InlineData("""{"text_encoder.lora_alpha": 8}""", 1)]
    public void Without_an_alpha_in_the_layer_the_configuration_has_it_and_else_it_is_the_rank(string? configuration, double factor)
    {
        const string Layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        Dictionary<string, string>? metadata = configuration is null ? null : new() { ["lora_adapter_metadata"] = configuration };
        using var lora = LoraFile.Load(LoraFiles.Write(folder.File("a.safetensors"), [($"{Layer}.lora_A.weight", [4, 16]), ($"{Layer}.lora_B.weight", [16, 4])], metadata));
        Assert.Equal(factor, Assert.Single(lora.Layers).Factor);
    }

    [Fact]
    public void The_configuration_that_peft_writes_beside_its_file_is_read()
    {
        const string Layer = "base_model.model.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
        File.WriteAllText(folder.File("adapter_config.json"), """{"r": 4, "lora_alpha": 2}""");
        string path = LoraFiles.Write(folder.File("adapter_model.safetensors"), [($"{Layer}.lora_A.weight", [4, 16]), ($"{Layer}.lora_B.weight", [16, 4])]);
        using var lora = LoraFile.Load(path);
        Assert.Equal(0.5, Assert.Single(lora.Layers).Factor);
    }

    [Theory]
    [InlineData("lora_unet_x.dora_scale", "DoRA")]
    [InlineData("unet.x.lora_magnitude_vector", "DoRA")]
    [InlineData("lora_unet_x.hada_w1_a", "LoHa")]
    [InlineData("lora_unet_x.lokr_w1", "LoKr")]
    [InlineData("lora_unet_x.oft_blocks", "OFT")]
    [InlineData("lora_unet_x.on_input", "IA³")]
    [InlineData("lora_unet_x.diff_b", "a full difference")]
    [InlineData("transformer.x.lora_A.weight", "transformer model")]
    [InlineData("unet.x.lora_B.bias", "biases")]
    [InlineData("first_stage_model.conv.weight", "no LoRA")]
    public void Other_kinds_of_adapters_are_refused_by_name(string key, string kind)
    {
        string path = LoraFiles.Write(folder.File("other.safetensors"), [(key, [2, 2])]);
        var error = Assert.Throws<LoraException>(() => LoraFile.Load(path));
        Assert.Contains(kind, error.Message, StringComparison.Ordinal);
        Assert.Equal([key], error.Keys);
    }

    [Theory]
    [InlineData("lora_unet_x.lora_down.weight", "half of its pair")]
    [InlineData("lora_unet_x.alpha", "half of its pair")]
    public void Half_a_layer_is_refused(string key, string problem)
    {
        string path = LoraFiles.Write(folder.File("half.safetensors"), [(key, [2, 2])]);
        Assert.Contains(problem, Assert.Throws<LoraException>(() => LoraFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Factors_that_do_not_fit_each_other_are_refused()
    {
        string path = LoraFiles.Write(folder.File("odd.safetensors"), [("lora_unet_x.lora_down.weight", [2, 8]), ("lora_unet_x.lora_up.weight", [8, 3])]);
        Assert.Contains("lora_unet_x.lora_up.weight [8, 3]", Assert.Throws<LoraException>(() => LoraFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_is_refused_with_the_reason_and_a_missing_file_is_named()
    {
        File.WriteAllText(folder.File("style.pt"), "");
        Assert.Contains("is a pickle", Assert.Throws<LoraException>(() => LoraFile.Load(folder.File("style.pt"))).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<LoraException>(() => LoraFile.Load(folder.File("style.safetensors"))).Message, StringComparison.Ordinal);
    }

    /// <summary>Both files hold the same numbers, so the merged weights are the same too.</summary>
    private void AssertMerged(string reference, string layer, string down, string up, long size)
    {
        float[] expected = Merged("reference", reference, ".lora_A.weight", ".lora_B.weight");
        Assert.NotEqual(Weights(), expected);
        Assert.Equal(expected, Merged("other", layer, down, up));

        float[] Merged(string name, string layer, string down, string up)
        {
            using var lora = LoraFile.Load(LoraFiles.Write(folder.File($"{name}.safetensors"), [($"{layer}{down}", [4, size]), ($"{layer}{up}", [size, 4])]));
            using var merge = LoraMerge.Apply(model, [new(lora, 1)]);
            return Weights();
        }
    }

    private float[] Weights()
    {
        using var scope = NewDisposeScope();
        return [.. model.UNet.parameters().Concat(model.TextEncoder!.parameters()).SelectMany(weight => weight.detach().contiguous().data<float>().ToArray())];
    }
}
