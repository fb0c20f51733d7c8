namespace StableDiffusion.Worker.Adapters;

/// <summary>Keeps the things that were used last, and disposes the others when told to. Not for several threads.</summary>
/// <param name="most">So many are kept.</param>
internal sealed class RecentlyUsed<T>(int most) : IDisposable
    where T : IDisposable
{
    private readonly LinkedList<(string Key, T Thing)> things = new(); // newest first

    /// <summary>The thing of that key, made when it is not kept.</summary>
    public T Get(string key, Func<T> make)
    {
        for (var node = things.First; node is not null; node = node.Next)
        {
            if (node.Value.Key == key)
            {
                things.Remove(node);
                things.AddFirst(node);
                return node.Value.Thing;
            }
        }

        var made = make();
        things.AddFirst((key, made));
        return made;
    }

    /// <summary>Disposes those over the number, the longest unused first.</summary>
    public void Trim()
    {
        for (; things.Count > most; things.RemoveLast())
        {
            things.Last!.Value.Thing.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var (_, thing) in things)
        {
            thing.Dispose();
        }

        things.Clear();
    }
}
