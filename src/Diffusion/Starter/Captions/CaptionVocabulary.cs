using System.Text;
using System.Text.Json;

namespace StableDiffusion.Diffusion.Starter.Captions;

/// <summary>
/// The starter model's tokenizer files in CLIP's format: byte-pair merges (Sennrich et al. 2016) learned from the words of
/// the captions until each is one token; other words fall apart into letters and bytes.
/// </summary>
public sealed class CaptionVocabulary
{
    private const string EndOfWord = "</w>";
    private const string StartOfText = "<|startoftext|>";
    private const string EndOfText = "<|endoftext|>";

    private readonly List<(string First, string Second)> merges = [];
    private readonly List<string> symbols;

    /// <summary>Learns the merges from <paramref name="words"/>: the pair that most words hold first, ties by spelling.</summary>
    public CaptionVocabulary(IEnumerable<string> words)
    {
        var spelt = words.Select(word => word.Select((letter, i) => i + 1 < word.Length ? $"{letter}" : letter + EndOfWord).ToList()).ToList();
        while (spelt.SelectMany(Pairs).GroupBy(pair => pair)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key.First, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Second, StringComparer.Ordinal).FirstOrDefault()?.Key is { First: not null } best)
        {
            merges.Add(best);
            spelt.ForEach(word => Merge(word, best));
        }
        var bytes = ByteCharacters().ToList();
        symbols = [.. bytes, .. bytes.Select(symbol => symbol + EndOfWord), .. merges.Select(pair => pair.First + pair.Second), StartOfText, EndOfText];
    }

    /// <summary>Number of tokens.</summary>
    public int Size => symbols.Count;

    /// <summary>The token before every prompt.</summary>
    public int StartOfTextId => symbols.Count - 2;

    /// <summary>The token behind every prompt, which also pads.</summary>
    public int EndOfTextId => symbols.Count - 1;

    /// <summary>Writes vocab.json, merges.txt, special_tokens_map.json and tokenizer_config.json.</summary>
    public void Write(string folder, int modelMaxLength)
    {
        Directory.CreateDirectory(folder);
        var vocabulary = symbols.Select((symbol, id) => (symbol, id)).ToDictionary(pair => pair.symbol, pair => pair.id);
        var special = new Dictionary<string, object>
        {
            ["bos_token"] = StartOfText, ["eos_token"] = EndOfText, ["unk_token"] = EndOfText, ["pad_token"] = EndOfText,
        };
        var config = new Dictionary<string, object>(special)
        {
            ["add_prefix_space"] = false, ["do_lower_case"] = true, ["errors"] = "replace",
            ["model_max_length"] = modelMaxLength, ["tokenizer_class"] = "CLIPTokenizer",
        };
        WriteText("vocab.json", JsonSerializer.Serialize(vocabulary));
        WriteText("merges.txt", "#version: 0.2\n" + string.Concat(merges.Select(pair => $"{pair.First} {pair.Second}\n")));
        WriteText("special_tokens_map.json", JsonSerializer.Serialize(special));
        WriteText("tokenizer_config.json", JsonSerializer.Serialize(config));

        void WriteText(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text, new UTF8Encoding(false));
    }

    private static IEnumerable<(string First, string Second)> Pairs(List<string> word) => word.Zip(word.Skip(1));

    private static void Merge(List<string> word, (string First, string Second) pair)
    {
        for (var i = 0; i + 1 < word.Count; i++)
        {
            if (word[i] == pair.First && word[i + 1] == pair.Second)
            {
                word[i] += word[i + 1];
                word.RemoveAt(i + 1);
            }
        }
    }

    // GPT-2's printable stand-ins for the 256 bytes, in its order: printable Latin-1 first, the rest from U+0100 on.
    private static IEnumerable<string> ByteCharacters() =>
        Enumerable.Range('!', '~' - '!' + 1).Concat(Enumerable.Range('¡', '¬' - '¡' + 1)).Concat(Enumerable.Range('®', 'ÿ' - '®' + 1))
            .Concat(Enumerable.Range(0x100, 256 - 188))
            .Select(code => ((char)code).ToString());
}
