namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>The networks of a model that is being loaded: disposed where a later part fails, the model's once it is whole.</summary>
internal sealed class Unfinished : IDisposable
{
    private readonly Stack<IDisposable> loaded = new();

    public T Keep<T>(T network)
        where T : IDisposable
    {
        loaded.Push(network);
        return network;
    }

    public void Finish() => loaded.Clear();

    public void Dispose()
    {
        foreach (var network in loaded)
        {
            network.Dispose();
        }
    }
}
