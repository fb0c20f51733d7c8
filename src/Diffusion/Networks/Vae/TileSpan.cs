namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>A tile's extent in one direction. Neighbours share a quarter of a tile.</summary>
/// <param name="Begin">Where it begins in the whole.</param>
/// <param name="Length">As long as a tile, the last one shorter.</param>
/// <param name="CoreBegin">Share of it, from its begin, where what is its own begins: half of what it shares.</param>
/// <param name="CoreEnd">Share of it where its own ends.</param>
internal readonly record struct TileSpan(long Begin, long Length, double CoreBegin, double CoreEnd)
{
    /// <summary>Covers a length with tiles.</summary>
    /// <param name="length">Of the whole.</param>
    /// <param name="size">Of a tile, a multiple of four.</param>
    public static IReadOnlyList<TileSpan> Cover(long length, int size)
    {
        var spans = new List<TileSpan>();
        int overlap = size / 4;
        for (long begin = 0; spans.Count == 0 || begin + overlap < length; begin += size - overlap)
        {
            long own = Math.Min(size, length - begin);
            bool last = begin + own == length;
            spans.Add(new TileSpan(begin, own, begin == 0 ? 0 : overlap / 2.0 / own, last ? 1 : 1 - (overlap / 2.0 / own)));
        }

        return spans;
    }

    /// <summary>What of <paramref name="size"/> values along the tile is its own.</summary>
    public (long Begin, long Length) Core(long size)
    {
        long begin = (long)Math.Round(CoreBegin * size);
        return (begin, (long)Math.Round(CoreEnd * size) - begin);
    }
}
