using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

public sealed class NetworkFileTests : IDisposable
{
    private static readonly AutoencoderKLConfig Sizes = ConfigFile.Read<AutoencoderKLConfig>(Goldens.Path("models/tiny-sd15/vae/config.json"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("first_stage_model.")]
    [InlineData("vae.")]
    public void A_vae_loads_from_a_file_in_LDMs_layout_whatever_else_is_in_it(string prefix)
    {
        var names = LdmVae.Names(Sizes);
        string file = Renamed("models/tiny-sd15/vae", key => prefix + names.ToLdm(key), tensors =>
        {
            tensors["loss.logvar"] = zeros(1);
            foreach (string key in tensors.Keys.Where(key => key.EndsWith("mid.attn_1.q.weight", StringComparison.Ordinal)).ToList())
            {
                tensors[key] = tensors[key].unsqueeze(-1).unsqueeze(-1); // a 1×1 convolution there
            }
        });
        using var vae = NetworkFolder.LoadVae(file, published: Sizes with { ScalingFactor = 0.5 });
        using var expected = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        WeightsOnDisk.AssertSame(expected, vae);
        Assert.Equal(0.5, vae.Config.ScalingFactor);
        Assert.False(vae.training);
    }

    [Theory]
    [InlineData("models/tiny-sd15/vae")]
    [InlineData("models/legacy-vae")]
    public void A_vae_loads_from_a_file_in_diffusers_layout_with_the_config_beside_it(string path)
    {
        using var vae = NetworkFolder.LoadVae(Goldens.Path($"{path}/diffusion_pytorch_model.safetensors"));
        using var expected = NetworkFolder.LoadVae(Goldens.Path(path));
        WeightsOnDisk.AssertSame(expected, vae);
    }

    [Fact]
    public void A_whole_checkpoint_gives_its_vae()
    {
        using var vae = NetworkFolder.LoadVae(Goldens.Path("single-files/tiny-sd15.safetensors"), published: Sizes);
        using var expected = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        WeightsOnDisk.AssertSame(expected.to(ScalarType.Float16).to(ScalarType.Float32), vae);
    }

    [Fact]
    public void A_file_without_a_config_is_of_the_published_sizes() =>
        Assert.Contains(
            "for [128, 3, 3, 3]",
            Assert.Throws<MismatchedWeightsException>(() => NetworkFolder.LoadVae(Goldens.Path("single-files/tiny-sd15.safetensors")).Dispose()).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("tiny-controlnet", "")]
    [InlineData("tiny-controlnet", "control_model.")]
    [InlineData("tiny-controlnet-xl", "control_model.")]
    public void A_controlnet_loads_from_a_file_in_LDMs_layout(string name, string prefix)
    {
        string original = Goldens.Path($"models/{name}");
        var names = LdmControlNet.Names(ConfigFile.Read<ControlNetConfig>(Path.Combine(original, "config.json")));
        string file = Renamed($"models/{name}", key => prefix + names.ToLdm(key));
        File.Copy(Path.Combine(original, "config.json"), folder.File("config.json"));
        using var controlNet = NetworkFolder.LoadControlNet(file);
        using var expected = NetworkFolder.LoadControlNet(original);
        WeightsOnDisk.AssertSame(expected, controlNet);
    }

    [Fact]
    public void A_controlnets_own_parts_have_LDMs_names()
    {
        var names = LdmControlNet.Names(new ControlNetConfig());
        Assert.Equal("controlnet_cond_embedding.conv_out.weight", names.ToDiffusers("input_hint_block.14.weight"));
        Assert.Equal("controlnet_cond_embedding.blocks.5.bias", names.ToDiffusers("input_hint_block.12.bias"));
        Assert.Equal("controlnet_down_blocks.11.weight", names.ToDiffusers("zero_convs.11.0.weight"));
        Assert.Null(names.ToDiffusers("zero_convs.12.0.weight"));
        Assert.Equal("controlnet_mid_block.bias", names.ToDiffusers("middle_block_out.0.bias"));
    }

    [Fact]
    public void A_pickle_is_refused() => Assert.Contains(
        "can run any code", Assert.Throws<ModelFolderException>(() => NetworkFolder.LoadVae(Pickled()).Dispose()).Message, StringComparison.Ordinal);

    private string Pickled()
    {
        string path = folder.File("vae.pt");
        File.WriteAllText(path, "");
        return path;
    }

    private string Renamed(string network, Func<string, string> rename, Action<Dictionary<string, Tensor>>? change = null)
    {
        string file = folder.File("renamed.safetensors");
        WeightsOnDisk.Rewrite(
            Goldens.Path($"{network}/diffusion_pytorch_model.safetensors"),
            tensors =>
            {
                foreach (string key in tensors.Keys.ToList())
                {
                    tensors.Remove(key, out var tensor);
                    tensors.Add(rename(key), tensor!);
                }

                change?.Invoke(tensors);
            },
            file);
        return file;
    }
}
