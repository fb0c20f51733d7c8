using StableDiffusion.Diffusion.Checkpoints;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

public sealed class NeededWeightsTests
{
    // as stable-diffusion-xl-base-1.0 and stable-diffusion-v1-5 are published
    private static readonly string[] Published =
    [
        "model_index.json", "sd_xl_base_1.0.safetensors", "sd_xl_offset_example-lora_1.0.safetensors", "safety_checker/model.safetensors", "tokenizer/vocab.json",
        "text_encoder/config.json", "text_encoder/model.safetensors", "text_encoder/model.fp16.safetensors", "text_encoder_2/model.fp16.safetensors", "text_encoder_2/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors.index.json", "unet/diffusion_pytorch_model-00001-of-00002.safetensors", "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors",
        "vae/diffusion_pytorch_model.safetensors", "vae_1_0/diffusion_pytorch_model.safetensors",
    ];

    [Theory]
    [InlineData(ScalarType.Float32, "text_encoder/model text_encoder_2/model unet/diffusion_pytorch_model-00001-of-00002 unet/diffusion_pytorch_model-00002-of-00002 vae/diffusion_pytorch_model")]
    [InlineData(ScalarType.Float16, "text_encoder/model.fp16 text_encoder_2/model.fp16 unet/diffusion_pytorch_model.fp16 vae/diffusion_pytorch_model")]
    public void Each_networks_weights_are_needed_once(ScalarType dtype, string weights)
    {
        var needed = NeededWeights.Of(Published, dtype);

        Assert.Equal(weights.Split(' ').Select(name => name + ".safetensors"), needed.Where(path => path.EndsWith(".safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(Published.Where(path => !path.EndsWith(".safetensors", StringComparison.Ordinal)), needed.Where(path => !path.EndsWith(".safetensors", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.fp16-00001-of-00002", "diffusion_pytorch_model.fp16-00002-of-00002")]
    [InlineData("diffusion_pytorch_model-00001-of-00002.fp16", "diffusion_pytorch_model-00002-of-00002.fp16")]
    public void A_variant_in_several_files_is_needed_whole_in_either_way_of_naming_them(params string[] parts)
    {
        string[] paths = ["unet/diffusion_pytorch_model.safetensors", .. parts.Select(part => $"unet/{part}.safetensors")];

        Assert.Equal(paths[1..], NeededWeights.Of(paths, ScalarType.BFloat16));
        Assert.Equal(paths[..1], NeededWeights.Of(paths, ScalarType.Float32));
    }
}
