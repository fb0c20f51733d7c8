namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>
/// SplitMix64 (Steele, Lea, Flood 2014): the data set's own generator, so that a picture depends on its seed alone and
/// not on the libraries around it.
/// </summary>
public sealed class SeededRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>A generator for item <paramref name="index"/> of a stream, independent of its neighbours.</summary>
    public static SeededRandom For(ulong stream, long index) => new(Mix(Mix(stream + Golden) ^ (ulong)index * Golden));

    /// <summary>64 uniform bits.</summary>
    public ulong NextBits() => Mix(state += Golden);

    /// <summary>A uniform number in [0, 1).</summary>
    public double NextUnit() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Between(double low, double high) => low + (high - low) * NextUnit();

    /// <summary>A uniform whole number in [0, <paramref name="count"/>).</summary>
    public int Below(int count) => (int)(NextUnit() * count);

    /// <summary>One of <paramref name="choices"/>, each as likely.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    private const ulong Golden = 0x9E3779B97F4A7C15;

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
