namespace StableDiffusion.Worker.Caching;

/// <summary>Keeps the things that were used last, and lets the others go when told to, disposing those that want it. Not for several threads.</summary>
/// <param name="most">So many are kept, and more while more are wanted at once.</param>
internal sealed class RecentlyUsed<T>(int most)
    where T : class
{
    private readonly LinkedList<(string Key, T Thing)> things = new(); // newest first

    /// <summary>The thing of that key, made when it is not kept.</summary>
    public T Get(string key, Func<T> make) => Find(key) ?? Add(key, make());

    /// <summary>The thing of that key, or null.</summary>
    public T? Find(string key)
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

        return null;
    }

    /// <summary>Keeps a thing; room for it was made before.</summary>
    public T Add(string key, T thing)
    {
        things.AddFirst((key, thing));
        return thing;
    }

    /// <summary>Lets go of others, the longest unused first, so that all that is wanted has room at once, even if that is more than the number.</summary>
    public void MakeRoom(IReadOnlyCollection<string> wanted)
    {
        int room = Math.Max(0, most - wanted.Distinct().Count());
        foreach (var old in things.Where(thing => !wanted.Contains(thing.Key)).Skip(room).ToList())
        {
            things.Remove(old);
            (old.Thing as IDisposable)?.Dispose();
        }
    }

    /// <summary>Lets all go.</summary>
    public void Clear()
    {
        foreach (var (_, thing) in things)
        {
            (thing as IDisposable)?.Dispose();
        }

        things.Clear();
    }
}
