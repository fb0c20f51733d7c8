using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

/// <summary>The networks against outputs of diffusers and transformers, 1e-4 of the largest value (their sums run in another order).</summary>
public sealed class ReferenceTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable noGrad = no_grad();
    private readonly SafetensorsFile expected = new(Goldens.Path("networks/tiny-sd15.safetensors"));

    public void Dispose()
    {
        expected.Dispose();
        noGrad.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Text_encoder_equals_transformers()
    {
        using var network = NetworkFolder.LoadTextEncoder(Goldens.Path("models/tiny-sd15/text_encoder"));
        var output = network.call(expected.Read("text_encoder.input_ids"));
        Close("text_encoder.last_hidden_state", output.LastHiddenState);
        Close("text_encoder.pooler_output", output.PoolerOutput);
        Assert.Equal(expected.Tensors.Keys.Count(key => key.StartsWith("text_encoder.hidden_states.", StringComparison.Ordinal)), output.HiddenStates.Count);
        foreach (var (index, state) in output.HiddenStates.Index())
        {
            Close($"text_encoder.hidden_states.{index}", state);
        }
    }

    [Fact]
    public void Unet_equals_diffusers_inside_and_out()
    {
        using var network = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var seen = new List<string>();
        network.Observer = (name, tensor) =>
        {
            Close($"unet.inside.{name}", tensor);
            seen.Add($"unet.inside.{name}");
        };
        Close("unet.out", network.call(expected.Read("unet.sample"), expected.Read("unet.timestep"), expected.Read("unet.encoder_hidden_states")));
        Assert.Equal(expected.Tensors.Keys.Where(key => key.StartsWith("unet.inside.", StringComparison.Ordinal)).Order(), seen.Order());
    }

    [Fact]
    public void Vae_equals_diffusers()
    {
        using var network = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        var posterior = network.Encode(expected.Read("vae.image"));
        Close("vae.mean", posterior.Mean);
        Close("vae.logvar", posterior.Logvar);
        Close("vae.kl", posterior.Kl());
        using var generator = new Generator((ulong)expected.Read("vae.sample_seed").item<long>());
        var sample = posterior.Sample(generator);
        Close("vae.sample", sample);
        Close("vae.decoded", network.Decode(sample));
    }

    private void Close(string name, Tensor actual)
    {
        using var inner = NewDisposeScope();
        var wanted = expected.Read(name);
        Assert.Equal(wanted.shape, actual.shape);
        double relative = ((actual - wanted).abs().max() / wanted.abs().max()).item<float>();
        Assert.True(relative <= 1e-4, $"{name} is {relative:e2} off");
    }
}
