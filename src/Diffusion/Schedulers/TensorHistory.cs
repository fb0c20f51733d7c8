using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The last few tensors of a run, kept from step to step: the state of methods that look back.</summary>
/// <param name="capacity">How many are kept.</param>
internal sealed class TensorHistory(int capacity) : IDisposable
{
    private readonly List<Tensor> kept = new(capacity + 1); // the latest first

    /// <summary>How many there are by now.</summary>
    public int Count => kept.Count;

    /// <summary>One of them, counted back from the latest, 0. Stays ours.</summary>
    public Tensor this[int back] => kept[back];

    /// <summary>Keeps a tensor beyond its dispose scope, and lets the oldest go where there is no room.</summary>
    public void Add(Tensor tensor)
    {
        kept.Insert(0, tensor.alias().DetachFromDisposeScope());
        if (kept.Count > capacity)
        {
            kept[^1].Dispose();
            kept.RemoveAt(kept.Count - 1);
        }
    }

    /// <summary>Lets all go.</summary>
    public void Clear()
    {
        kept.ForEach(tensor => tensor.Dispose());
        kept.Clear();
    }

    public void Dispose() => Clear();
}
