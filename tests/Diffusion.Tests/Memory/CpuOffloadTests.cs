using System.Runtime.InteropServices;
using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Memory;

/// <summary>Moves are recorded in place of being made: they are the same whatever the device.</summary>
public sealed class CpuOffloadTests
{
    private readonly List<(string Network, DeviceType To)> moves = [];
    private readonly CpuOffload offload;

    public CpuOffloadTests() => offload = new CpuOffload(CPU, Record) { Place = new Device(DeviceType.CUDA, 0) };

    [Fact]
    public void Networks_take_turns_on_the_device_and_the_picture_is_the_same()
    {
        byte[] expected;
        using (var resident = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"))) expected = Draw(resident);
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"), offload: offload);
        Assert.Equal(expected, Draw(model));
        Assert.Equal(["CLIPTextModel", "CLIPTextModelWithProjection", "UNet2DConditionModel", "AutoencoderKL"], moves.Where(move => move.To == DeviceType.CUDA).Select(move => move.Network).Distinct());
        string? there = null;
        foreach (var (network, to) in moves)
        {
            Assert.True(to == DeviceType.CUDA ? there is null : there == network, $"{network} to {to} while {there ?? "nothing"} is there");
            there = to == DeviceType.CUDA ? network : null;
        }
    }

    [Fact]
    public void A_vae_is_there_from_its_first_layer_on_in_both_directions()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"), offload: offload);
        using var scope = NewDisposeScope();
        var posterior = new VaeStage(model, new MemoryOptions { VaeTilingAbove = 0, VaeTileSize = 64 }).Encode(zeros(1, 3, 96, 64));
        Assert.Equal([("AutoencoderKL", DeviceType.CUDA)], moves);
        model.UNet.call(posterior.Mean, tensor(1f), new(zeros(1, 77, model.UNet.Config.CrossAttentionDim)));
        model.Vae.Decode(posterior.Mean);
        Assert.Equal(("AutoencoderKL", DeviceType.CUDA), moves[^1]);
    }

    [Fact]
    public void A_network_that_does_not_fit_goes_back_and_another_may_come()
    {
        bool full = true;
        var small = new CpuOffload(CPU, (network, place) =>
        {
            Record(network, place);
            if (full && place.type == DeviceType.CUDA) throw new NativeError("CUDA out of memory.");
        }) { Place = new Device(DeviceType.CUDA, 0) };
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"), offload: small);
        Assert.Throws<DeviceOutOfMemoryException>(() => Draw(model));
        Assert.Equal(DeviceType.CPU, moves[^1].To);
        full = false;
        Assert.NotEmpty(Draw(model));
    }

    [Fact]
    public void Disposing_a_model_leaves_the_next_one_alone()
    {
        using (var first = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"), offload: offload)) Draw(first);
        moves.Clear();
        using var second = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"), offload: offload);
        Draw(second);
        Assert.Equal(("CLIPTextModel", DeviceType.CUDA), moves[0]);
    }

    [Fact]
    public void Loras_come_off_weights_that_moved_meanwhile()
    {
        // to another type and back every weight is another tensor, as after a move
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
        byte[] before = Draw(model);
        using var lora = LoraFile.Load(Goldens.Path("adapters/lora-peft.safetensors"));
        using (LoraMerge.Apply(model, [new(lora, 0.5)]))
        {
            model.UNet.to(ScalarType.Float64).to(ScalarType.Float32);
            Assert.NotEqual(before, Draw(model));
        }

        Assert.Equal(before, Draw(model));
    }

    private sealed class NativeError(string words) : ExternalException(words);

    private static byte[] Draw(StableDiffusionModel model)
    {
        var request = new GenerationRequest { Images = [new ImagePrompt("a lighthouse", "fog", 3)], Width = 64, Height = 64, NumInferenceSteps = 2, Scheduler = "DDIMScheduler" };
        using var image = Assert.Single(new StableDiffusionPipeline(model).Generate(request, cancellationToken: TestContext.Current.CancellationToken));
        return image.Picture.Pixels;
    }

    private void Record(nn.Module network, Device to) => moves.Add((network.GetName(), to.type));
}
