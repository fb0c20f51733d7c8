using System.Text;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>Byte-pair encoding (Sennrich et al. 2016) over bytes spelt as printable characters, as GPT-2 and CLIP write them; the
/// last symbol of a word carries <c>&lt;/w&gt;</c>. A heap of pairs keeps a long word at n log n.</summary>
internal sealed class BytePairMerges
{
    private const string EndOfWord = "</w>";

    private static readonly char[] ByteCharacters = MakeByteCharacters();

    private readonly Dictionary<(string, string), int> ranks;

    /// <summary>Takes the merges, the first to be done first.</summary>
    public BytePairMerges(IReadOnlyList<(string First, string Second)> merges)
    {
        ranks = new Dictionary<(string, string), int>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ranks.TryAdd(merges[rank], rank);
        }
    }

    /// <summary>The word's symbols after all merges.</summary>
    public IEnumerable<string> Merge(string word)
    {
        string?[] symbols = [.. Encoding.UTF8.GetBytes(word).Select(b => ByteCharacters[b].ToString())];
        int count = symbols.Length;
        symbols[count - 1] += EndOfWord;
        int[] next = [.. Enumerable.Range(1, count)];
        int[] previous = [.. Enumerable.Range(-1, count)];
        var pairs = new PriorityQueue<(int At, string First, string Second), (int Rank, int At)>();

        void Offer(int left)
        {
            if (left >= 0 && next[left] < count && ranks.TryGetValue((symbols[left]!, symbols[next[left]]!), out int rank))
            {
                pairs.Enqueue((left, symbols[left]!, symbols[next[left]]!), (rank, left));
            }
        }

        for (int i = 0; i < count - 1; i++)
        {
            Offer(i);
        }

        while (pairs.TryDequeue(out var pair, out _))
        {
            int left = pair.At, right = next[left];
            if (right >= count || symbols[left] != pair.First || symbols[right] != pair.Second)
            {
                continue; // one of the two has been merged since
            }

            symbols[left] = pair.First + pair.Second;
            symbols[right] = null;
            next[left] = next[right];
            if (next[left] < count)
            {
                previous[next[left]] = left;
            }

            Offer(previous[left]);
            Offer(left);
        }

        return symbols.Where(symbol => symbol is not null)!;
    }

    /// <summary>Printable Latin-1 stands for itself; the other bytes follow from U+0100 on.</summary>
    private static char[] MakeByteCharacters()
    {
        var characters = new char[256];
        char spare = '\u0100';
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ');
            characters[b] = printable ? (char)b : spare++;
        }

        return characters;
    }
}
