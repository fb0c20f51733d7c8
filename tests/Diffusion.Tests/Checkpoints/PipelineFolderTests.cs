using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

/// <summary>Model folders as old and new versions of diffusers write them.</summary>
public sealed class PipelineFolderTests : IDisposable
{
    private const string Weights = "diffusion_pytorch_model";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_SDXL_folder_has_both_tokenizers_and_text_encoders()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"));
        Assert.True(model.IsXL);
        Assert.True(model.ForceZerosForEmptyPrompt);
        Assert.NotEqual(model.Tokenizer!.PadTokenId, model.Tokenizer2!.PadTokenId);
        Assert.Equal(model.Tokenizer2.Encode("!").Single(), model.Tokenizer2.PadTokenId);
        Assert.Equal(model.UNet.Config.CrossAttentionDim, model.TextEncoder!.Config.HiddenSize + model.TextEncoder2!.Config.HiddenSize);
    }

    [Theory]
    [InlineData("StableDiffusionInpaintPipeline")]
    [InlineData("StableDiffusionImg2ImgPipeline")]
    [InlineData("StableDiffusionInpaintPipelineLegacy")]
    [InlineData("StableDiffusionControlNetPipeline")]
    [InlineData("LatentConsistencyModelPipeline")]
    public void What_pipeline_a_folder_was_saved_from_does_not_matter(string pipeline)
    {
        string copy = CopyWithIndex("tiny-sd15", index =>
        {
            index["_class_name"] = pipeline;
            index["safety_checker"] = new JsonArray("stable_diffusion", "StableDiffusionSafetyChecker");
            index["feature_extractor"] = new JsonArray("transformers", "CLIPFeatureExtractor");
            index["image_encoder"] = new JsonArray(null, null);
            index.Remove("requires_safety_checker");
        });
        StableDiffusionModel.Load(copy).Dispose();
    }

    [Fact]
    public void An_SDXL_folder_says_whether_an_empty_prompt_is_zeros()
    {
        string copy = CopyWithIndex("tiny-sdxl", index => index["force_zeros_for_empty_prompt"] = false);
        using var model = StableDiffusionModel.Load(copy);
        Assert.False(model.ForceZerosForEmptyPrompt);
    }

    [Theory]
    [InlineData("tiny-sd15", false, 1)]
    [InlineData("tiny-sdxl", true, 0)]
    public void Samples_are_not_clipped_and_time_steps_start_at_one_in_Stable_Diffusion_before_XL(string name, bool clips, int offset)
    {
        string copy = folder.CopyOf(Goldens.Path($"models/{name}"));
        string path = Path.Combine(copy, "scheduler", "scheduler_config.json");
        JsonObject config = ConfigFile.ReadObject(path);
        (config["clip_sample"], config["steps_offset"]) = (true, 0);
        File.WriteAllText(path, config.ToJsonString());
        using var model = StableDiffusionModel.Load(copy);
        Assert.Equal(clips, (bool)model.SchedulerConfig["clip_sample"]!);
        Assert.Equal(offset, (int)model.SchedulerConfig["steps_offset"]!);
    }

    [Theory]
    [InlineData("tiny-sdxl", "text_encoder_2")]
    [InlineData("tiny-sdxl", "text_encoder")] // with its tokenizer
    [InlineData("tiny-sd15", "unet")]
    public void A_component_that_is_needed_and_null_is_named(string model, string component)
    {
        string copy = CopyWithIndex(model, index => index[component] = new JsonArray(null, null));
        Assert.Equal(component, Assert.Throws<UnsupportedConfigException>(() => StableDiffusionModel.Load(copy).Dispose()).Field);
    }

    [Theory]
    [InlineData($"{Weights}.safetensors.index.json", ScalarType.Float32)]
    [InlineData($"{Weights}.safetensors.index.fp16.json", ScalarType.Float16)]
    [InlineData($"{Weights}.safetensors.fp16.index.json", ScalarType.Float16)]
    [InlineData($"{Weights}.safetensors.index.fp16.json", ScalarType.Float32)]
    public void Parts_are_found_by_an_index_of_every_name(string name, ScalarType type)
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/vae"));
        string whole = Path.Combine(copy, $"{Weights}.safetensors");
        var map = new JsonObject();
        using (NewDisposeScope())
        {
            Dictionary<string, Tensor> tensors = WeightsOnDisk.ReadAll(whole);
            foreach (var (i, keys) in tensors.Keys.Chunk((tensors.Count / 2) + 1).Index())
            {
                string part = $"{Weights}.fp16-{i + 1:00000}-of-00002.safetensors";
                SafetensorsWriter.Write(Path.Combine(copy, part), keys.ToDictionary(key => key, key => tensors[key].to(ScalarType.Float16)));
                Array.ForEach(keys, key => map[key] = part);
            }
        }

        File.Delete(whole);
        File.WriteAllText(Path.Combine(copy, name), new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());
        using var vae = NetworkFolder.LoadVae(copy, type);
        using var expected = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"), ScalarType.Float16);
        WeightsOnDisk.AssertSame(expected, vae.to(ScalarType.Float16));
    }

    [Fact]
    public void Variants_may_be_there_for_some_networks_only()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        File.Move(Path.Combine(copy, $"unet/{Weights}.safetensors"), Path.Combine(copy, $"unet/{Weights}.fp16.safetensors"));
        using var model = StableDiffusionModel.Load(copy);
        using var expected = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
        WeightsOnDisk.AssertSame(expected.UNet, model.UNet);
    }

    [Fact]
    public void Eight_bit_weights_are_refused_by_type()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/vae"));
        byte[] header = [.. """{"quant_conv.bias":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"""u8];
        File.WriteAllBytes(Path.Combine(copy, $"{Weights}.safetensors"), [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[8]]);
        Assert.Contains("F8_E4M3", Assert.Throws<SafetensorsException>(() => NetworkFolder.LoadVae(copy).Dispose()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models/tiny-sdxl/unet", "text embeddings")] // of another family
    [InlineData("models/tiny-sd15-inpaint-unet", null)]
    public void A_unet_that_does_not_fit_the_rest_is_told(string path, string? fault)
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path(path));
        var problem = Record.Exception(() => model.With(unet: unet));
        Assert.Equal(fault is null, problem is null);
        Assert.Contains(fault ?? "", problem?.Message ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tiny-sd15", "projection_class_embeddings_input_dim", 1, false)]
    [InlineData("tiny-sdxl", "projection_class_embeddings_input_dim", 64, true)] // a refiner has five sizes, not six
    [InlineData("tiny-sd15", "in_channels", 8, true)] // one that edits a picture as told
    public void A_unet_of_another_kind_is_told_before_its_weights_are_used(string model, string field, int value, bool fails)
    {
        string copy = folder.CopyOf(Goldens.Path($"models/{model}"));
        string config = Path.Combine(copy, "unet/config.json");
        var json = ConfigFile.ReadObject(config);
        json[field] = value;
        File.WriteAllText(config, json.ToJsonString());
        Assert.Equal(fails, Record.Exception(() => StableDiffusionModel.Load(copy).Dispose()) is InvalidModelException);
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_text_encoder_is_told()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        string path = Path.Combine(copy, "tokenizer/vocab.json");
        var vocabulary = ConfigFile.ReadObject(path);
        vocabulary["surplus"] = vocabulary.Count;
        File.WriteAllText(path, vocabulary.ToJsonString());
        Assert.Contains("1001 tokens", Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(copy).Dispose()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EDMEulerScheduler")] // CosXL
    [InlineData("EDMDPMSolverMultistepScheduler")] // Playground 2.5
    [InlineData("FlowMatchEulerDiscreteScheduler")]
    public void A_model_of_another_training_is_told_by_its_scheduler(string scheduler)
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sdxl"));
        string path = Path.Combine(copy, "scheduler", "scheduler_config.json");
        var config = ConfigFile.ReadObject(path);
        config["_class_name"] = scheduler;
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains(scheduler, Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(copy).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_that_asks_for_aesthetic_scores_does_not_fit_itself()
    {
        string copy = CopyWithIndex("tiny-sdxl", index => index["requires_aesthetics_score"] = true);
        Assert.Contains("requires_aesthetics_score", Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_where_nothing_is_is_told() =>
        Assert.Contains("no such folder or file", Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(folder.File("lost"))).Message, StringComparison.Ordinal);

    private string CopyWithIndex(string model, Action<JsonObject> change)
    {
        string copy = folder.CopyOf(Goldens.Path($"models/{model}"));
        string path = Path.Combine(copy, "model_index.json");
        var index = ConfigFile.ReadObject(path);
        change(index);
        File.WriteAllText(path, index.ToJsonString());
        return copy;
    }
}
