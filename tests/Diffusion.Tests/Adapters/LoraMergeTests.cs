using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Adapters;

public sealed class LoraMergeTests : IDisposable
{
    private const string Query = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    private const string Convolution = "down_blocks.1.resnets.0.conv1";
    private const string Projection = "mid_block.attentions.0.proj_in";

    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose()
    {
        model.Dispose();
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Weights_come_back_bit_for_bit(ScalarType type)
    {
        using var typed = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"), type);
        byte[] before = Bytes(typed);
        using (var peft = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors")))
        using (var kohya = LoraFile.Load(Goldens.Path("adapters/lora-kohya.safetensors")))
        using (LoraMerge.Apply(typed, [new(peft, 0.7), new(kohya, -1.3)]))
        {
            byte[] merged = Bytes(typed);
            Assert.NotEqual(before, merged);
            using (LoraMerge.Apply(typed, [new(peft, 0.1, -4), new(peft, 0.3)])) Assert.NotEqual(merged, Bytes(typed));
            Assert.Equal(merged, Bytes(typed));
        }

        Assert.Equal(before, Bytes(typed));
    }

    [Fact]
    public void A_file_under_LDMs_names_changes_all_three_networks_of_SDXL_and_gives_their_bits_back()
    {
        using var xl = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"));
        using var lora = LoraFile.Load(Goldens.Path("adapters/lora-kohya-sdxl.safetensors"));
        nn.Module[] networks = [xl.UNet, xl.TextEncoder!, xl.TextEncoder2!];
        byte[][] before = [.. networks.Select(Bytes)];
        using (LoraMerge.Apply(xl, [new(lora, 1)])) Assert.All(networks.Zip(before), pair => Assert.NotEqual(pair.Second, Bytes(pair.First)));
        Assert.All(networks.Zip(before), pair => Assert.Equal(pair.Second, Bytes(pair.First)));
        var error = Assert.Throws<LoraException>(() => LoraMerge.Apply(model, [new(lora, 1)]));
        Assert.Contains($"trained for one with text embeddings of {xl.UNet.Config.CrossAttentionDim} values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_merge_that_fails_halfway_leaves_the_weights_as_they_were()
    {
        byte[] before = Bytes(model);
        using var first = Lora("first", ($"unet.{Query}.lora_A.weight", [2, 8]), ($"unet.{Query}.lora_B.weight", [8, 2]));
        var closed = LoraFile.Load(Goldens.Path("adapters/lora-kohya.safetensors"));
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => LoraMerge.Apply(model, [new(first, 1), new(closed, 1)]));
        Assert.Equal(before, Bytes(model));
    }

    [Fact]
    public void The_memory_of_the_kept_weights_is_that_of_the_changed_ones_alone_and_is_given_back()
    {
        using var lora = Lora("linear", ($"unet.{Query}.lora_A.weight", [2, 8]), ($"unet.{Query}.lora_B.weight", [8, 2]));
        var merge = LoraMerge.Apply(model, [new(lora, 1)]);
        Assert.Equal(8 * 8 * sizeof(float), merge.Bytes);
        merge.Dispose();
        Assert.Equal(0, merge.Bytes);
    }

    [Fact]
    public void A_linear_layer_gets_alpha_over_rank_times_up_times_down()
    {
        using var lora = Lora("linear", ($"unet.{Query}.lora_A.weight", [2, 8]), ($"unet.{Query}.lora_B.weight", [8, 2]), ($"unet.{Query}.alpha", []));
        var weight = Weight(Query);
        var expected = weight.clone() + (Read("linear", $"unet.{Query}.lora_B.weight").mm(Read("linear", $"unet.{Query}.lora_A.weight")) * (0.25 * Alpha / 2));
        using (LoraMerge.Apply(model, [new(lora, 0.25)])) AssertClose(expected, weight);
    }

    [Fact]
    public void A_convolution_with_its_update_is_the_sum_of_both_ways()
    {
        const string Name = "lora_unet_down_blocks_1_resnets_0_conv1";
        using var lora = Lora("conv", ($"{Name}.lora_down.weight", [3, 8, 3, 3]), ($"{Name}.lora_up.weight", [16, 3, 1, 1]), ($"{Name}.alpha", []));
        var weight = Weight(Convolution);
        var picture = Noise([1, 8, 6, 5]);
        var way = nn.functional.conv2d(nn.functional.conv2d(picture, Read("conv", $"{Name}.lora_down.weight")), Read("conv", $"{Name}.lora_up.weight"));
        var expected = nn.functional.conv2d(picture, weight.clone()) + (way * (1.5 * Alpha / 3));
        using (LoraMerge.Apply(model, [new(lora, 1.5)])) AssertClose(expected, nn.functional.conv2d(picture, weight));
    }

    [Fact]
    public void A_mid_factor_takes_the_kernel_between_two_pointwise_ones()
    {
        const string Name = "lora_unet_down_blocks_1_resnets_0_conv1";
        using var lora = Lora("mid", ($"{Name}.lora_down.weight", [3, 8, 1, 1]), ($"{Name}.lora_mid.weight", [3, 3, 3, 3]), ($"{Name}.lora_up.weight", [16, 3, 1, 1]));
        var weight = Weight(Convolution);
        var picture = Noise([1, 8, 6, 5]);
        var way = picture;
        foreach (string part in new[] { "down", "mid", "up" }) way = nn.functional.conv2d(way, Read("mid", $"{Name}.lora_{part}.weight"));
        var expected = nn.functional.conv2d(picture, weight.clone()) + way;
        using (LoraMerge.Apply(model, [new(lora, 1)])) AssertClose(expected, nn.functional.conv2d(picture, weight));
    }

    [Fact]
    public void A_pointwise_convolution_may_have_been_trained_as_a_linear_layer()
    {
        using var lora = Lora("flat", ($"unet.{Projection}.lora_A.weight", [2, 16]), ($"unet.{Projection}.lora_B.weight", [16, 2]));
        var weight = Weight(Projection);
        var expected = weight.clone() + Read("flat", $"unet.{Projection}.lora_B.weight").mm(Read("flat", $"unet.{Projection}.lora_A.weight")).reshape(weight.shape);
        using (LoraMerge.Apply(model, [new(lora, 1)])) AssertClose(expected, weight);
    }

    [Fact]
    public void Two_names_of_one_layer_add_up_and_are_undone_together()
    {
        byte[] before = Bytes(model);
        const string Ldm = "lora_unet_input_blocks_4_0_in_layers_2", Diffusers = "lora_unet_down_blocks_1_resnets_0_conv1";
        using var one = Lora("one", ($"{Ldm}.lora_down.weight", [3, 8, 3, 3]), ($"{Ldm}.lora_up.weight", [16, 3, 1, 1]));
        using var both = Lora(
            "both",
            ($"{Ldm}.lora_down.weight", [3, 8, 3, 3]), ($"{Ldm}.lora_up.weight", [16, 3, 1, 1]),
            ($"{Diffusers}.lora_down.weight", [3, 8, 3, 3]), ($"{Diffusers}.lora_up.weight", [16, 3, 1, 1]));
        Tensor twice, together;
        using (LoraMerge.Apply(model, [new(one, 2)])) twice = Weight(Convolution).clone();
        using (LoraMerge.Apply(model, [new(both, 1)])) together = Weight(Convolution).clone();
        AssertClose(twice, together);
        Assert.Equal(before, Bytes(model));
    }

    [Fact]
    public void The_order_of_loras_changes_rounding_alone()
    {
        using var peft = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors"));
        using var kohya = LoraFile.Load(Goldens.Path("adapters/lora-kohya.safetensors"));
        Tensor one, other;
        using (LoraMerge.Apply(model, [new(peft, 0.7), new(kohya, -1.3)])) one = Weight(Query).clone();
        using (LoraMerge.Apply(model, [new(kohya, -1.3), new(peft, 0.7)])) other = Weight(Query).clone();
        AssertClose(one, other);
    }

    [Fact]
    public void Text_encoders_have_a_weight_of_their_own()
    {
        using var lora = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors"));
        byte[] unet = Bytes(model.UNet), text = Bytes(model.TextEncoder!);
        using (LoraMerge.Apply(model, [new(lora, 0.5, 0)])) Assert.True(!Bytes(model.UNet).SequenceEqual(unet) && Bytes(model.TextEncoder!).SequenceEqual(text));
        using (LoraMerge.Apply(model, [new(lora, 0, 0.5)])) Assert.True(Bytes(model.UNet).SequenceEqual(unet) && !Bytes(model.TextEncoder!).SequenceEqual(text));
    }

    [Fact]
    public void Layers_that_the_model_lacks_are_listed_and_nothing_changes()
    {
        byte[] before = Bytes(model);
        using var good = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors"));
        using var lora = Lora("far", ("unet.down_blocks.9.attn1.to_q.lora_A.weight", [2, 8]), ("unet.down_blocks.9.attn1.to_q.lora_B.weight", [8, 2]));
        var error = Assert.Throws<LoraException>(() => LoraMerge.Apply(model, [new(good, 1), new(lora, 1)]));
        Assert.Contains("down_blocks_9_attn1_to_q", Assert.Single(error.Keys), StringComparison.Ordinal);
        Assert.Equal(before, Bytes(model));
    }

    [Fact]
    public void A_lora_of_another_family_is_refused_with_both_families()
    {
        const string Name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
        using var lora = Lora("xl", ($"{Name}.lora_A.weight", [2, 2048]), ($"{Name}.lora_B.weight", [8, 2]));
        var error = Assert.Throws<LoraException>(() => LoraMerge.Apply(model, [new(lora, 1)]));
        Assert.Contains("trained for Stable Diffusion XL", error.Message, StringComparison.Ordinal);
        Assert.Contains($"text embeddings of {model.UNet.Config.CrossAttentionDim} values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_that_is_no_number_is_refused()
    {
        using var lora = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors"));
        Assert.Throws<ArgumentException>(() => LoraMerge.Apply(model, [new(lora, double.NaN)]));
    }

    private const double Alpha = LoraFiles.Alpha;

    private static byte[] Bytes(StableDiffusionModel model) => [.. Bytes(model.UNet), .. Bytes(model.TextEncoder!), .. Bytes(model.Vae)];

    private static byte[] Bytes(nn.Module network) => [.. network.parameters().SelectMany(parameter => parameter.detach().contiguous().bytes.ToArray())];

    /// <summary>The same sums in another order.</summary>
    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.InRange(((expected - actual).abs().max() / expected.abs().max()).item<float>(), 0, 1e-5f);

    private static Tensor Noise(long[] shape) => randn(shape, generator: new Generator(3, CPU));

    private Tensor Weight(string module) => model.UNet.named_parameters().Single(pair => pair.name == $"{module}.weight").parameter.detach();

    private Tensor Read(string name, string key) => LoraFiles.Read(folder.File($"{name}.safetensors"), key);

    private LoraFile Lora(string name, params (string Key, long[] Shape)[] tensors) =>
        LoraFile.Load(LoraFiles.Write(folder.File($"{name}.safetensors"), tensors));
}
