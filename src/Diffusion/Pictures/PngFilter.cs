namespace StableDiffusion.Diffusion.Pictures;

/// <summary>PNG's five row filters (ISO 15948, 9.2): each byte is told as its difference from a guess by its neighbours.</summary>
internal static class PngFilter
{
    public const int Count = 5;

    /// <summary>Filters a row. <paramref name="above"/> is the raw row before it, zeros for the first.</summary>
    public static void Apply(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int bytesPerPixel, Span<byte> filtered)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= bytesPerPixel ? row[i - bytesPerPixel] : 0;
            int corner = i >= bytesPerPixel ? above[i - bytesPerPixel] : 0;
            filtered[i] = (byte)(row[i] - Guess(filter, left, above[i], corner));
        }
    }

    /// <summary>Undoes a filter in place.</summary>
    /// <exception cref="InvalidDataException">There is no such filter.</exception>
    public static void Undo(int filter, Span<byte> row, ReadOnlySpan<byte> above, int bytesPerPixel)
    {
        if (filter >= Count)
        {
            throw new InvalidDataException($"The PNG is damaged: a row names filter {filter}, of 0 to {Count - 1}.");
        }

        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= bytesPerPixel ? row[i - bytesPerPixel] : 0;
            int corner = i >= bytesPerPixel ? above[i - bytesPerPixel] : 0;
            row[i] = (byte)(row[i] + Guess(filter, left, above[i], corner));
        }
    }

    private static int Guess(int filter, int left, int above, int corner) => filter switch
    {
        0 => 0,
        1 => left,
        2 => above,
        3 => (left + above) / 2,
        _ => Paeth(left, above, corner),
    };

    private static int Paeth(int left, int above, int corner)
    {
        int estimate = left + above - corner;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toCorner = Math.Abs(estimate - corner);
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }
}
