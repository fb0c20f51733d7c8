using StableDiffusion.Diffusion.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>
/// Keeps networks in main memory and each on the device only while it works, as diffusers' <c>enable_model_cpu_offload</c>: text
/// encoders, U-Net and VAE take turns, so the device needs room for the largest alone. A network moves there when its first layer is
/// called, and the one before it moves back. The pictures are the same. One for all models that share a device.
/// </summary>
public sealed class CpuOffload
{
    private readonly Action<Module, Device> move;
    private Module? working;

    /// <summary>Offloads from a device.</summary>
    public CpuOffload(Device device)
        : this(device, (network, place) => network.to(place))
    {
    }

    internal CpuOffload(Device device, Action<Module, Device> move) => (Device, Place, this.move) = (device, device, move);

    /// <summary>Where the networks work.</summary>
    public Device Device { get; }

    /// <summary>What networks are moved to; a test names another than the one that they work on.</summary>
    internal Device Place { get; init; }

    /// <summary>Takes a model over whose networks are in main memory.</summary>
    internal void Add(StableDiffusionModel model)
    {
        foreach (var network in model.Networks)
        {
            // any layer may come first: a VAE is entered from both ends
            foreach (var layer in network.modules())
            {
                switch (layer)
                {
                    case Module<Tensor, Tensor> one: one.register_forward_pre_hook(_ => Enter(network)); break;
                    case Module<Tensor, Tensor?, Tensor> two: two.register_forward_pre_hook(_ => Enter(network)); break;
                }
            }
        }
    }

    /// <summary>Takes no more notice of a model that is about to be disposed.</summary>
    internal void Forget(StableDiffusionModel model) => working = model.Networks.Contains(working) ? null : working;

    private void Enter(Module network)
    {
        if (ReferenceEquals(working, network))
        {
            return;
        }

        if (working is { } before)
        {
            working = null;
            move(before, CPU);
        }

        try
        {
            move(network, Place);
            working = network;
        }
        catch
        {
            move(network, CPU); // what was there already when memory ran out
            throw;
        }
    }
}
