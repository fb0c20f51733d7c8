using StableDiffusion.Diffusion.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>
/// LoRAs merged into a model's weights, until this is disposed: then the weights are what they were, bit for bit, from copies kept in
/// main memory. Merging costs nothing while drawing. The sums are made where the networks work, whether they are there just now or
/// offloaded: the same LoRAs always give the same weights. Merges on top of each other are undone in the reverse order.
/// </summary>
public sealed class LoraMerge : IDisposable
{
    private readonly StableDiffusionModel model;
    private readonly List<(LoraLayer Layer, Tensor Original)> originals = [];

    private LoraMerge(StableDiffusionModel model) => this.model = model;

    /// <summary>Main memory that the copies of the changed weights take.</summary>
    public long Bytes => originals.Sum(changed => changed.Original.numel() * changed.Original.element_size());

    /// <summary>
    /// Adds the LoRAs to the weights: W + Σ weight · α/r · up · down, summed in single precision and rounded once to the weights' type.
    /// All are checked before a weight is touched; after a failure the weights are as before.
    /// </summary>
    /// <param name="model">Used by no other thread meanwhile, and not disposed before the merge.</param>
    /// <param name="loras">In any order; the same file may come twice.</param>
    /// <exception cref="ArgumentException">A weight is no finite number.</exception>
    /// <exception cref="InvalidModelException">A LoRA is for another model, with a sentence that says so and the layers that do not fit.</exception>
    public static LoraMerge Apply(StableDiffusionModel model, IReadOnlyList<WeightedLora> loras)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loras);
        var changes = Changes(model, loras);
        var merge = new LoraMerge(model);
        try
        {
            foreach (var change in changes)
            {
                merge.Change(change.Weight, change.Updates);
            }

            return merge;
        }
        catch
        {
            merge.Dispose();
            throw;
        }
    }

    /// <summary>Restores the weights. After a failure those that are left can be restored by another call.</summary>
    public void Dispose()
    {
        if (originals.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var targets = new LoraTargets(model); // anew: a network that moved to another device has other tensors
        while (originals is [.., var (layer, original)])
        {
            targets.Of(layer).copy_(original);
            original.Dispose();
            originals.RemoveAt(originals.Count - 1);
        }
    }

    /// <summary>What is done to each weight, once all of it is known to be possible.</summary>
    private static IEnumerable<(Parameter Weight, (LoraLayer Layer, double Amount)[] Updates)> Changes(
        StableDiffusionModel model, IReadOnlyList<WeightedLora> loras)
    {
        if (loras.FirstOrDefault(lora => !double.IsFinite(lora.UNetWeight) || !double.IsFinite(lora.TextEncoderWeight)) is { } odd)
        {
            throw new ArgumentException($"The weight of {odd.File.Path} is no finite number.", nameof(loras));
        }

        var targets = new LoraTargets(model);
        return loras.SelectMany(lora => targets.Match(lora.File), (lora, layer) => (Layer: layer, Amount: lora.Weight(layer.Component)))
            .ToList()
            .Where(change => change.Amount != 0)
            .GroupBy(change => (change.Layer.Component, change.Layer.Name))
            .Select(group => (targets.Of(group.First().Layer), group.ToArray()));
    }

    private void Change(Parameter weight, (LoraLayer Layer, double Amount)[] updates)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var original = weight.device.type == DeviceType.CPU ? weight.detach().clone() : weight.detach().cpu();
        var merged = weight.to(ScalarType.Float32, model.Device);
        foreach (var (layer, amount) in updates)
        {
            merged = merged + (layer.Delta(merged) * amount);
        }

        originals.Add((updates[0].Layer, original.DetachFromDisposeScope()));
        weight.copy_(merged); // rounds to the weight's type
    }
}
