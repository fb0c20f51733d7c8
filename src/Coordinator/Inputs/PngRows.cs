using System.IO.Compression;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>A PNG's rows (ISO 15948, 7.2 and 10): each is a filter's number and its pixels' bytes, all of them packed in one stream.</summary>
internal static class PngRows
{
    private const int LastFilter = 4;

    /// <summary>What is wrong with the rows; null when nothing is. Unpacks no more than they may have, a piece at a time.</summary>
    /// <param name="packed">From its start.</param>
    /// <param name="bytes">Of a row, without its filter.</param>
    /// <param name="rows">How many there must be.</param>
    public static string? FaultOf(Stream packed, long bytes, int rows)
    {
        var (row, all) = (bytes + 1, (bytes + 1) * rows);
        var piece = new byte[1 << 16];
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        try
        {
            for (long at = 0; at < all;)
            {
                var read = unpacked.Read(piece, 0, (int)Math.Min(piece.Length, all - at));
                if (read == 0)
                {
                    return $"The PNG is damaged: its pixels end in row {at / row} of {rows}. Save it anew.";
                }

                for (var start = (row - (at % row)) % row; start < read; start += row)
                {
                    if (piece[start] > LastFilter)
                    {
                        return $"The PNG is damaged: there is no filter {piece[start]}. Save it anew.";
                    }
                }

                at += read;
            }

            return null;
        }
        catch (InvalidDataException)
        {
            return "The PNG is damaged: its pixels cannot be unpacked. Save it anew.";
        }
    }
}
