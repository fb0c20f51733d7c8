using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

public sealed class StableDiffusionModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_diffusers_folder_loads_with_what_its_configs_say()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
        int levels = Json("vae/config.json")["block_out_channels"]!.AsArray().Count;
        Assert.Equal(1 << (levels - 1), model.VaeScaleFactor);
        Assert.Equal((int)Json("unet/config.json")["sample_size"]! * model.VaeScaleFactor, model.DefaultSize);
        Assert.Equal((string)Json("scheduler/scheduler_config.json")["_class_name"]!, (string)model.SchedulerConfig["_class_name"]!);

        static JsonNode Json(string file) => JsonNode.Parse(File.ReadAllText(Goldens.Path($"models/tiny-sd15/{file}")))!;
    }

    [Fact]
    public void A_model_moves_whole_or_not_at_all()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"));
        var gpu = new Device(DeviceType.CUDA, 0);
        List<(string Network, DeviceType To)> moves = [];
        Assert.Throws<IOException>(() => model.MoveTo(gpu, (network, to) =>
        {
            moves.Add((network.GetName(), to.type));
            if (network == model.Vae && to.type == DeviceType.CUDA) throw new IOException("full");
        }));
        Assert.Equal(DeviceType.CPU, model.Device.type);
        Assert.Equal(["CLIPTextModel", "CLIPTextModelWithProjection", "AutoencoderKL"], moves.Where(move => move.To == DeviceType.CUDA).Select(move => move.Network));
        Assert.Equal(["AutoencoderKL", "CLIPTextModelWithProjection", "CLIPTextModel"], moves.Where(move => move.To == DeviceType.CPU).Select(move => move.Network));

        moves.Clear();
        model.MoveTo(gpu, (network, to) => moves.Add((network.GetName(), to.type)));
        Assert.Equal(DeviceType.CUDA, model.Device.type);
        Assert.Equal(4, moves.Count);
        using var part = model.With();
        Assert.Throws<InvalidOperationException>(() => part.MoveTo(CPU));
    }

    [Fact]
    public void Guidance_is_the_one_the_folder_recommends_and_seven_where_it_says_nothing()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        using (var silent = StableDiffusionModel.Load(copy)) Assert.Equal(7, silent.DefaultGuidanceScale);

        string file = Path.Combine(copy, "model_index.json");
        var index = JsonNode.Parse(File.ReadAllText(file))!;
        index["_guidance_scale"] = 2.5;
        File.WriteAllText(file, index.ToJsonString());
        using var recommending = StableDiffusionModel.Load(copy);
        Assert.Equal(2.5, recommending.DefaultGuidanceScale);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Weights_get_the_asked_type_and_the_files_values(ScalarType type)
    {
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"), type);
        using var file = new SafetensorsFile(Goldens.Path("models/tiny-sd15/unet/diffusion_pytorch_model.safetensors"));
        foreach (var (name, parameter) in unet.named_parameters())
        {
            using var expected = file.Read(name, type);
            Assert.Equal(type, parameter.dtype);
            Assert.True(parameter.equal(expected).all().item<bool>(), name);
        }
    }

    [Fact]
    public void Half_precision_files_load_in_single_precision()
    {
        using var vae = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd21/vae"));
        Assert.All(vae.parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
    }

    [Fact]
    public void Text_encoders_load_with_and_without_their_prefix()
    {
        using var with = NetworkFolder.LoadTextEncoder(Goldens.Path("models/tiny-sd15/text_encoder"));
        using var without = NetworkFolder.LoadTextEncoder(Goldens.Path("models/tiny-sd21/text_encoder"));
        Assert.All(without.named_parameters(), pair => Assert.StartsWith("text_model.", pair.name, StringComparison.Ordinal));
    }

    [Fact]
    public void Old_attention_names_load_as_the_same_weights()
    {
        using var now = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        using var legacy = NetworkFolder.LoadVae(Goldens.Path("models/legacy-vae"));
        foreach (var (one, other) in now.named_parameters().Zip(legacy.named_parameters()))
        {
            Assert.Equal(one.name, other.name);
            Assert.True(one.parameter.equal(other.parameter).all().item<bool>(), one.name);
        }
    }

    [Fact]
    public void Old_attention_weights_load_as_one_by_one_convolutions_too()
    {
        string copy = folder.CopyOf(Goldens.Path("models/legacy-vae"));
        WeightsOnDisk.Rewrite(Path.Combine(copy, "diffusion_pytorch_model.safetensors"), tensors =>
        {
            foreach (string name in tensors.Keys.Where(name => name.Contains(".attentions.", StringComparison.Ordinal) && tensors[name].dim() == 2).ToList())
            {
                tensors[name] = tensors[name].unsqueeze(-1).unsqueeze(-1);
            }
        });
        using var now = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        using var legacy = NetworkFolder.LoadVae(copy);
        Assert.All(now.named_parameters().Zip(legacy.named_parameters()), pair => Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>()));
    }

    [Fact]
    public void Every_key_at_fault_is_listed()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/unet"));
        WeightsOnDisk.Rewrite(Path.Combine(copy, "diffusion_pytorch_model.safetensors"), tensors =>
        {
            tensors.Remove("conv_in.bias");
            tensors.Remove("mid_block.resnets.1.norm2.weight");
            tensors["surplus"] = zeros(1);
            tensors["conv_out.bias"] = zeros(tensors["conv_out.bias"].shape[0] + 1);
        });
        var problem = Assert.Throws<MismatchedWeightsException>(() => NetworkFolder.LoadUNet(copy));
        Assert.Equal(["conv_in.bias", "mid_block.resnets.1.norm2.weight"], problem.Missing.Order(StringComparer.Ordinal));
        Assert.Equal(["surplus"], problem.Unexpected);
        Assert.StartsWith("conv_out.bias [", Assert.Single(problem.Misshapen), StringComparison.Ordinal);
        Assert.All(["conv_in.bias", "mid_block.resnets.1.norm2.weight", "surplus", "conv_out.bias"], key => Assert.Contains(key, problem.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_truncated_weights_file_is_an_error_and_the_whole_one_loads_after_it()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        string weights = Path.Combine(copy, "unet/diffusion_pytorch_model.safetensors");
        byte[] whole = File.ReadAllBytes(weights);
        File.WriteAllBytes(weights, whole[..^1]);
        var problem = Assert.Throws<SafetensorsException>(() => StableDiffusionModel.Load(copy));
        Assert.Equal(weights, problem.File);

        File.WriteAllBytes(weights, whole);
        StableDiffusionModel.Load(copy).Dispose();
    }

    [Fact]
    public void Sharded_weights_load_through_their_index()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/vae"));
        string single = Path.Combine(copy, "diffusion_pytorch_model.safetensors");
        var map = new JsonObject();
        using (NewDisposeScope())
        {
            Dictionary<string, Tensor> tensors = WeightsOnDisk.ReadAll(single);
            foreach (var part in tensors.Keys.Chunk((tensors.Count / 3) + 1).Index())
            {
                string name = $"diffusion_pytorch_model-{part.Index + 1:00000}-of-00003.safetensors";
                SafetensorsWriter.Write(Path.Combine(copy, name), part.Item.ToDictionary(key => key, key => tensors[key]));
                Array.ForEach(part.Item, key => map[key] = name);
            }
        }

        File.Delete(single);
        string index = single + ".index.json";
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map }.ToJsonString());
        using (var sharded = NetworkFolder.LoadVae(copy))
        using (var whole = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae")))
        {
            Assert.All(whole.named_parameters().Zip(sharded.named_parameters()), pair => Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>()));
        }

        File.Delete(Path.Combine(copy, "diffusion_pytorch_model-00002-of-00003.safetensors"));
        Assert.Contains("00002", Assert.Throws<ModelFolderException>(() => NetworkFolder.LoadVae(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_precision_takes_the_fp16_variant_where_there_is_one()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/vae"));
        File.WriteAllText(Path.Combine(copy, "diffusion_pytorch_model.fp16.safetensors"), "broken");
        NetworkFolder.LoadVae(copy).Dispose();
        Assert.EndsWith(".fp16.safetensors", Assert.Throws<SafetensorsException>(() => NetworkFolder.LoadVae(copy, ScalarType.Float16)).File, StringComparison.Ordinal);
    }

    [Fact]
    public void Pickled_weights_are_refused_with_what_to_do()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15/vae"));
        File.Move(Path.Combine(copy, "diffusion_pytorch_model.safetensors"), Path.Combine(copy, "diffusion_pytorch_model.bin"));
        Assert.Contains("pickle", Assert.Throws<ModelFolderException>(() => NetworkFolder.LoadVae(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("unet/config.json")]
    [InlineData("vae/diffusion_pytorch_model.safetensors")]
    [InlineData("scheduler/scheduler_config.json")]
    public void A_missing_file_is_named(string file)
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        File.Delete(Path.Combine(copy, file));
        var problem = Assert.Throws<ModelFolderException>(() => StableDiffusionModel.Load(copy));
        Assert.Contains(Path.GetFileName(file), problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_of_another_kind_are_refused_by_class()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        string index = Path.Combine(copy, "model_index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("StableDiffusionPipeline", "StableDiffusion3Pipeline", StringComparison.Ordinal));
        var problem = Assert.Throws<UnsupportedConfigException>(() => StableDiffusionModel.Load(copy));
        Assert.Equal("_class_name", problem.Field);
        Assert.Contains("StableDiffusionPipeline", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_shares_what_it_is_not_given_and_disposes_nothing()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
        using var inpainting = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15-inpaint-unet"));
        using (var other = model.With(unet: inpainting))
        {
            Assert.Equal((9, 4), (other.UNet.Config.InChannels, model.UNet.Config.InChannels));
            Assert.Same(model.Vae, other.Vae);
            Assert.Same(model.TextEncoder, other.TextEncoder);
        }

        Assert.All([model.Vae, inpainting, (torch.nn.Module)model.TextEncoder!], network => Assert.All(network.parameters(), weight => Assert.False(weight.IsInvalid)));
    }

    [Fact]
    public void The_hash_tells_models_apart_and_not_their_folders()
    {
        string copy = folder.CopyOf(Goldens.Path("models/tiny-sd15"));
        string original = Hash(Goldens.Path("models/tiny-sd15"));
        Assert.Equal(original, Hash(copy));
        Assert.Matches("^[0-9a-f]{64}$", original);

        string weights = Path.Combine(copy, "vae/diffusion_pytorch_model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.NotEqual(original, Hash(copy));

        static string Hash(string path)
        {
            using var model = StableDiffusionModel.Load(path);
            return model.Hash;
        }
    }

    [Fact]
    public void A_saved_network_loads_again_with_its_config_and_weights()
    {
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        NetworkFolder.Save(folder.Root, unet);
        using var again = NetworkFolder.LoadUNet(folder.Root);
        Assert.All(unet.named_parameters().Zip(again.named_parameters()), pair => Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>()));
        Assert.Equal("UNet2DConditionModel", (string)ConfigFile.ReadObject(folder.File("config.json"))["_class_name"]!);
    }
}
