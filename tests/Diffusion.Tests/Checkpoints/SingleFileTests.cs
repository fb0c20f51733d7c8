using System.Security.Cryptography;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

public sealed class SingleFileTests : IDisposable
{
    private const string EmaOfTheLastBias = "model_ema.diffusion_modelout2bias";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tiny-sd15", false)]
    [InlineData("tiny-sd21", false)]
    [InlineData("tiny-sdxl", true)]
    public void A_checkpoint_is_recognised_and_completed_by_the_folder_of_its_name(string name, bool isXL)
    {
        // a file under its folder's parent is that folder's checkpoint without being told so
        Directory.CreateSymbolicLink(folder.File(name), Goldens.Path($"models/{name}"));
        File.Copy(Goldens.Path($"single-files/{name}.safetensors"), folder.File($"{name}.safetensors"));
        using var model = StableDiffusionModel.Load(folder.File($"{name}.safetensors"));
        using var expected = StableDiffusionModel.Load(Goldens.Path($"models/{name}"));
        Assert.Equal(isXL, model.IsXL);
        Assert.Equal((expected.DefaultSize, expected.ForceZerosForEmptyPrompt), (model.DefaultSize, model.ForceZerosForEmptyPrompt));
        Assert.Equal(expected.SchedulerConfig.ToJsonString(), model.SchedulerConfig.ToJsonString());
        Assert.Equal((expected.Tokenizer!.PadTokenId, expected.Tokenizer2?.PadTokenId), (model.Tokenizer!.PadTokenId, model.Tokenizer2?.PadTokenId));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Files_of_every_floating_point_type_load(ScalarType type)
    {
        string copy = Change(tensors =>
        {
            foreach (string key in tensors.Keys.Where(key => tensors[key].is_floating_point()).ToList())
            {
                tensors[key] = tensors[key].to(type);
            }
        });
        using var model = Load(copy);
        using var half = Load(Goldens.Path("single-files/tiny-sd15.safetensors"));
        if (type == ScalarType.BFloat16)
        {
            half.UNet.to(ScalarType.BFloat16).to(ScalarType.Float32);
        }

        WeightsOnDisk.AssertSame(half.UNet, model.UNet);
    }

    [Fact]
    public void A_text_encoder_may_have_lost_its_prefix_in_a_merge()
    {
        const string prefix = SingleFileFamilies.SD1TextEncoder;
        string copy = Change(tensors =>
        {
            foreach (string key in tensors.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
            {
                tensors.Remove(key, out var tensor);
                tensors.Add(key.Replace("text_model.", null, StringComparison.Ordinal), tensor!);
            }
        });
        using var model = Load(copy);
        using var expected = Load(Goldens.Path("single-files/tiny-sd15.safetensors"));
        WeightsOnDisk.AssertSame(expected.TextEncoder!, model.TextEncoder!);
    }

    [Fact]
    public void What_no_network_has_is_passed_over_and_told()
    {
        string copy = Change(tensors => tensors["model.diffusion_model.left_by_a_merge"] = zeros(3));
        using var model = Load(copy);
        Assert.Contains("model.diffusion_model.left_by_a_merge", model.PassedOver);
        Assert.Contains("betas", model.PassedOver);
        Assert.Contains(EmaOfTheLastBias, model.PassedOver);
        Assert.DoesNotContain("model.diffusion_model.out.2.bias", model.PassedOver);
    }

    [Fact]
    public void What_is_missing_or_misshapen_is_listed()
    {
        string copy = Change(tensors =>
        {
            tensors.Remove("first_stage_model.decoder.up.0.block.0.conv1.bias");
            tensors["first_stage_model.quant_conv.bias"] = zeros(3, ScalarType.Float16);
            tensors["first_stage_model.post_quant_conv.bias"] = zeros_like(tensors["first_stage_model.post_quant_conv.bias"]).to(ScalarType.Int32);
        });
        var problem = Assert.Throws<MismatchedWeightsException>(() => Load(copy).Dispose());
        Assert.Equal(copy, problem.File);
        Assert.Contains("AutoencoderKL", problem.Message, StringComparison.Ordinal);
        Assert.StartsWith("decoder.up_blocks.", Assert.Single(problem.Missing), StringComparison.Ordinal);
        Assert.Collection(
            problem.Misshapen.Order(StringComparer.Ordinal),
            line => Assert.Contains("Int32", line, StringComparison.Ordinal),
            line => Assert.Contains("quant_conv.bias [3]", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_truncated_file_is_an_error()
    {
        string copy = folder.File("half.safetensors");
        File.WriteAllBytes(copy, File.ReadAllBytes(Goldens.Path("single-files/tiny-sd15.safetensors"))[..^100_000]);
        Assert.Contains("truncated", Assert.Throws<SafetensorsException>(() => Load(copy).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Averaged_weights_are_taken_only_when_asked_for_and_then_all_of_them()
    {
        string copy = Change(tensors =>
        {
            foreach (string key in tensors.Keys.Where(key => key.StartsWith(LdmUNet.Prefix, StringComparison.Ordinal)).ToList())
            {
                tensors["model_ema." + key["model.".Length..].Replace(".", null, StringComparison.Ordinal)] = tensors[key] * 2;
            }
        });
        using var last = Load(copy);
        using var averaged = Load(copy, new SingleFileOptions { UseEma = true });
        Assert.All(last.UNet.named_parameters().Zip(averaged.UNet.named_parameters()), pair => Assert.True((pair.First.parameter * 2).equal(pair.Second.parameter).all().item<bool>()));
        WeightsOnDisk.AssertSame(last.Vae, averaged.Vae);

        var few = Assert.Throws<MismatchedWeightsException>(() => Load(Goldens.Path("single-files/tiny-sd15.safetensors"), new SingleFileOptions { UseEma = true }).Dispose());
        Assert.Contains("conv_in.weight", few.Missing);
        Assert.DoesNotContain("conv_out.bias", few.Missing);

        string none = Change(tensors => tensors.Keys.Where(key => key.StartsWith(LdmLayout.EmaOfUNet, StringComparison.Ordinal)).ToList().ForEach(key => tensors.Remove(key)));
        Assert.Contains("UseEma", Assert.Throws<ModelFolderException>(() => Load(none, new SingleFileOptions { UseEma = true }).Dispose()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".ckpt")]
    [InlineData(".pt")]
    [InlineData(".bin")]
    public void A_pickle_is_refused_with_why_and_what_to_do(string extension)
    {
        string path = folder.File("model" + extension);
        File.WriteAllText(path, "anything");
        string message = Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(path).Dispose()).Message;
        Assert.Contains("can run any code", message, StringComparison.Ordinal);
        Assert.Contains(".safetensors", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("edm_mean", "Playground")]
    [InlineData("model.diffusion_model.double_blocks.0.img_attn.qkv.bias", "FLUX")]
    [InlineData("lora_unet_down_blocks_0_attentions_0_proj_in.alpha", "LoRA")]
    [InlineData("control_model.input_blocks.0.0.bias", "ControlNet")]
    [InlineData("encoder.down.0.block.0.conv1.bias", "VAE")]
    [InlineData("down_blocks.0.resnets.0.conv1.bias", "diffusers' layout")]
    [InlineData("something.else", "no Stable Diffusion checkpoint")]
    [InlineData("model.diffusion_model.out.2.bias", "no text encoder")]
    public void A_file_of_another_kind_is_named(string key, string kind)
    {
        string path = folder.File("other.safetensors");
        using (var tensor = zeros(1))
        {
            SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { [key] = tensor });
        }

        Assert.Contains(kind, Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(path).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_vocabulary_the_error_says_where_to_put_one()
    {
        string copy = Change(_ => { });
        string message = Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(copy).Dispose()).Message;
        Assert.Contains("vocabulary", message, StringComparison.Ordinal);
        Assert.Contains(folder.File("tokenizer"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shared_vocabulary_pads_as_the_family_does()
    {
        // the first model's own, which pads with the end of text
        Directory.CreateSymbolicLink(folder.File("tokenizer"), Goldens.Path("models/tiny-sd15/tokenizer"));
        var settings = new SingleFileSettings(folder.File("any.safetensors"), new SingleFileOptions());
        var (first, second) = (Tokenizer(SingleFileFamily.SD1), Tokenizer(SingleFileFamily.SD2));
        Assert.Equal(first.EosTokenId, first.PadTokenId);
        Assert.Equal(second.Encode("!").Single(), second.PadTokenId);
        Assert.Equal(second.PadTokenId, settings.Tokenizer2().PadTokenId);

        CLIPTokenizer Tokenizer(SingleFileFamily family)
        {
            var published = PublishedModel.Of(family, 4, PredictionType.Epsilon);
            return settings.Tokenizer(published.TextEncoder! with { VocabSize = 1000 }, published.PadToken);
        }
    }

    [Fact]
    public void A_vocabulary_of_another_size_is_another_models()
    {
        Directory.CreateSymbolicLink(folder.File("tokenizer"), Goldens.Path("models/tiny-sd15/tokenizer"));
        string message = Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(Change(_ => { })).Dispose()).Message;
        Assert.Contains("49408", message, StringComparison.Ordinal);
        Assert.Contains(folder.File("tokenizer"), message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SingleFileFamily.SD1, 4, false, PredictionType.Epsilon)]
    [InlineData(SingleFileFamily.SD2, 4, false, PredictionType.VPrediction)]
    [InlineData(SingleFileFamily.SD2, 9, false, PredictionType.Epsilon)]
    [InlineData(SingleFileFamily.XL, 4, false, PredictionType.Epsilon)]
    [InlineData(SingleFileFamily.XL, 4, true, PredictionType.VPrediction)]
    internal void What_the_unet_predicts_is_by_family_where_nothing_says_it(SingleFileFamily family, int inChannels, bool hasVelocityKey, PredictionType expected) =>
        Assert.Equal(expected, new SingleFileSettings(folder.File("any.safetensors"), new SingleFileOptions()).Prediction(family, inChannels, hasVelocityKey));

    [Fact]
    public void What_the_unet_predicts_is_told_by_the_yaml_the_folder_or_the_option_each_over_the_one_before()
    {
        string file = folder.File("any.safetensors");
        File.WriteAllText(folder.File("any.yaml"), "model:\n  params:\n    parameterization: \"v\"\n    linear_start: 0.00085\n");
        Assert.Equal(PredictionType.VPrediction, Prediction(new SingleFileOptions()));
        Assert.Equal(PredictionType.Epsilon, Prediction(new SingleFileOptions { ConfigFolder = Goldens.Path("models/tiny-sd15") }));
        Assert.Equal(PredictionType.Sample, Prediction(new SingleFileOptions { ConfigFolder = Goldens.Path("models/tiny-sd15"), PredictionType = PredictionType.Sample }));

        PredictionType Prediction(SingleFileOptions options) => new SingleFileSettings(file, options).Prediction(SingleFileFamily.SD1, 4, hasVelocityKey: false);
    }

    [Fact]
    public void The_option_reaches_the_schedulers_configuration()
    {
        using var model = Load(Goldens.Path("single-files/tiny-sd15.safetensors"), new SingleFileOptions { PredictionType = PredictionType.VPrediction });
        Assert.Equal("v_prediction", (string)model.SchedulerConfig["prediction_type"]!);
    }

    [Fact]
    public void Marks_of_velocity_and_zero_terminal_SNR_reach_the_schedulers_configuration()
    {
        string copy = Change(tensors => (tensors["v_pred"], tensors["ztsnr"]) = (zeros(0), zeros(0)));
        string configs = Configs("models/tiny-sd15/unet");
        Directory.Delete(Path.Combine(configs, "scheduler"));
        using var model = Load(copy, new SingleFileOptions { ConfigFolder = configs });
        Assert.Equal("v_prediction", (string)model.SchedulerConfig["prediction_type"]!);
        Assert.True((bool)model.SchedulerConfig["rescale_betas_zero_snr"]!);
    }

    [Fact]
    public void A_schedulers_configuration_beside_the_file_is_mended_as_a_folders_own()
    {
        string configs = Configs("models/tiny-sd15/unet"), path = Path.Combine(configs, "scheduler", "scheduler_config.json");
        var config = ConfigFile.ReadObject(path);
        config.Remove("steps_offset");
        Directory.Delete(Path.Combine(configs, "scheduler"));
        Directory.CreateDirectory(Path.Combine(configs, "scheduler"));
        File.WriteAllText(path, config.ToJsonString());
        using var model = Load(Goldens.Path("single-files/tiny-sd15.safetensors"), new SingleFileOptions { ConfigFolder = configs });
        Assert.Equal(1, (int)model.SchedulerConfig["steps_offset"]!);
    }

    [Fact]
    public void A_config_folder_that_is_not_there_is_named()
    {
        string lost = folder.File("lost");
        var problem = Assert.Throws<ModelFolderException>(() => Load(Goldens.Path("single-files/tiny-sd15.safetensors"), new SingleFileOptions { ConfigFolder = lost }).Dispose());
        Assert.Contains(lost, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_is_the_files()
    {
        string path = Goldens.Path("single-files/tiny-sd15.safetensors");
        using var model = Load(path);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), model.Hash);
    }

    [Fact]
    public void OpenCLIPs_own_projection_is_the_transposed_one()
    {
        const string projection = "conditioner.embedders.1.model.text_projection";
        string copy = folder.File("xl.safetensors");
        WeightsOnDisk.Rewrite(
            Goldens.Path("single-files/tiny-sdxl.safetensors"),
            tensors =>
            {
                tensors.Remove($"{projection}.weight", out var exported);
                tensors[projection] = exported!.t();
            },
            copy);
        var options = new SingleFileOptions { ConfigFolder = Goldens.Path("models/tiny-sdxl") };
        using var model = StableDiffusionModel.Load(copy, options: options);
        using var expected = StableDiffusionModel.Load(Goldens.Path("single-files/tiny-sdxl.safetensors"), options: options);
        WeightsOnDisk.AssertSame(expected.TextEncoder2!, model.TextEncoder2!);
    }

    [Fact]
    public void An_inpainting_checkpoint_loads_with_its_nine_channels()
    {
        using var expected = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15-inpaint-unet"));
        var names = LdmUNet.Names(expected.Config);
        string copy = Change(tensors =>
        {
            foreach (string key in tensors.Keys.Where(key => key.StartsWith(LdmUNet.Prefix, StringComparison.Ordinal)).ToList())
            {
                tensors.Remove(key);
            }

            foreach (var (name, weight) in expected.named_parameters())
            {
                tensors.Add(LdmUNet.Prefix + names.ToLdm(name), weight);
            }
        });
        using var model = StableDiffusionModel.Load(copy, options: new SingleFileOptions { ConfigFolder = Configs("models/tiny-sd15-inpaint-unet") });
        Assert.Equal(9, model.UNet.Config.InChannels);
        WeightsOnDisk.AssertSame(expected, model.UNet);
    }

    [Fact]
    public void Published_sizes_have_the_channels_that_the_file_has()
    {
        string copy = Change(tensors => tensors["model.diffusion_model.input_blocks.0.0.weight"] = zeros(8, 9, 3, 3));
        var problem = Assert.Throws<MismatchedWeightsException>(() => StableDiffusionModel.Load(copy, options: new SingleFileOptions { ConfigFolder = Configs(unet: null) }).Dispose());
        Assert.Contains("model.diffusion_model.input_blocks.0.0.weight [8, 9, 3, 3] for [320, 9, 3, 3]", problem.Misshapen);
    }

    [Theory]
    [InlineData("sd15", SingleFileFamily.SD1, 4)]
    [InlineData("sd15-inpaint", SingleFileFamily.SD1, 9)]
    [InlineData("sd21", SingleFileFamily.SD2, 4)]
    [InlineData("sdxl", SingleFileFamily.XL, 4)]
    internal void Sizes_are_the_published_ones(string name, SingleFileFamily family, int inChannels)
    {
        var model = PublishedModel.Of(family, inChannels, PredictionType.Epsilon);
        var controlNet = LdmControlNet.Of(PublishedModel.Of(family, 4, PredictionType.Epsilon).UNet);
        foreach (var (network, published) in ConfigFile.ReadObject(Goldens.Path("published-configs.json")))
        {
            string path = folder.File("config.json");
            switch (network.Split('/'))
            {
                case [var other, _] when other != name: continue;
                case [_, "unet"]: ConfigFile.Write(path, model.UNet); break;
                case [_, "vae"]: ConfigFile.Write(path, model.Vae); break;
                case [_, "text_encoder"]: ConfigFile.Write(path, model.TextEncoder!); break;
                case [_, "text_encoder_2"]: ConfigFile.Write(path, model.TextEncoder2!); break;
                default: ConfigFile.Write(path, controlNet); break;
            }

            var ours = ConfigFile.ReadObject(path);
            Assert.All(published!.AsObject(), field => Assert.True(JsonNode.DeepEquals(field.Value, ours[field.Key]), $"{network}: {field.Key} is {ours[field.Key]}"));
        }
    }

    /// <summary>Loads a tiny-sd15, whose sizes are in its folder.</summary>
    private static StableDiffusionModel Load(string path, SingleFileOptions? options = null)
    {
        options ??= new SingleFileOptions();
        return StableDiffusionModel.Load(path, options: options with { ConfigFolder = options.ConfigFolder ?? Goldens.Path("models/tiny-sd15") });
    }

    /// <summary>The configurations of tiny-sd15 with those of another U-Net or of none.</summary>
    private string Configs(string? unet)
    {
        string configs = Directory.CreateDirectory(folder.File("configs")).FullName;
        foreach (string component in new[] { "text_encoder", "vae", "tokenizer", "scheduler" })
        {
            Directory.CreateSymbolicLink(Path.Combine(configs, component), Goldens.Path($"models/tiny-sd15/{component}"));
        }

        if (unet is not null)
        {
            Directory.CreateSymbolicLink(Path.Combine(configs, "unet"), Goldens.Path(unet));
        }

        return configs;
    }

    private string Change(Action<Dictionary<string, Tensor>> change)
    {
        string copy = folder.File("changed.safetensors");
        WeightsOnDisk.Rewrite(Goldens.Path("single-files/tiny-sd15.safetensors"), change, copy);
        return copy;
    }
}
