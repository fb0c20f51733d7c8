using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.UNet;
using static TorchSharp.torch;

namespace StableDiffusion.Farm.Bench.Networks;

/// <summary>SD 1.5's U-Net at its true size with random weights, stepping with guidance: each picture goes through twice.</summary>
internal sealed class GuidedUNet : IDisposable
{
    private const int TextTokens = 77;
    private const int GuidancePair = 2;

    // stable-diffusion-v1-5's unet/config.json; all else in it is diffusers' default
    private static readonly UNet2DConditionConfig Published = new() { CrossAttentionDim = 768 };

    // Of one picture's pair at a size of latents, as it is usually counted: the products of convolutions and linear layers. Those
    // of attention, 17 and 252 more, are left out.
    private static readonly Dictionary<int, double> PairGflop = new() { [32] = 343, [64] = 1354 };

    private readonly Device device;
    private readonly ScalarType dtype;
    private readonly Action wait;
    private readonly UNet2DConditionModel network;

    /// <summary>Makes the weights.</summary>
    public GuidedUNet(Device device, ScalarType dtype, Action wait)
    {
        (this.device, this.dtype, this.wait) = (device, dtype, wait);
        network = new UNet2DConditionModel(Published, new LayerFactory(device, dtype));
        network.eval();
    }

    /// <summary>One denoising step's share of the network.</summary>
    /// <param name="latents">Height and width of the latents, 32 or 64: an eighth of the picture's.</param>
    /// <param name="pictures">How many pictures step together.</param>
    public TimedWork Step(int latents, int pictures = 1)
    {
        long batch = GuidancePair * pictures;
        Tensor sample = randn([batch, Published.InChannels, latents, latents], dtype: dtype, device: device);
        Tensor timestep = tensor(500L, device: device);
        var text = new UNetConditions(randn([batch, TextTokens, Published.CrossAttentionDim], dtype: dtype, device: device));
        string name = pictures == 1 ? $"U-Net's step, {latents}×{latents} latents" : $"U-Net's step, {latents}×{latents} latents, {pictures} pictures";
        return new TimedWork(name, PairGflop[latents] * pictures, () => network.call(sample, timestep, text).Dispose(), wait);
    }

    public void Dispose() => network.Dispose();
}
