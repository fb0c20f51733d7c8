using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>CLIP's byte-level BPE tokenizer, token for token as the reference's: special tokens are split off first, then the
/// text is normalised (<see cref="TextNormalizer"/>), cut into words (<see cref="WordSplitter"/>) and each word merged
/// (<see cref="BytePairMerges"/>). Safe for use from several threads.</summary>
public sealed class CLIPTokenizer
{
    /// <summary>Words remembered; a bound, because prompts come from strangers.</summary>
    private const int CachedWords = 1 << 16;

    /// <summary>Longer words are merged but not remembered.</summary>
    private const int CachedWordLength = 64;

    private readonly IReadOnlyDictionary<string, int> vocabulary;
    private readonly BytePairMerges merges;
    private readonly Dictionary<string, int> special;
    private readonly Regex specialPattern;
    private readonly ConcurrentDictionary<string, int[]> words = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<int>> added = [];
    private readonly Regex? addedPattern;

    private CLIPTokenizer(TokenizerFiles files, string folder)
    {
        int Id(string token) => files.Vocabulary.TryGetValue(token, out int id)
            ? id
            : throw new TokenizerException(folder, $"its special token \"{token}\" is not in its vocabulary.");

        vocabulary = files.Vocabulary;
        VocabularySize = vocabulary.Values.Max() + 1;
        merges = new BytePairMerges(files.Merges);
        ModelMaxLength = files.ModelMaxLength;
        BosTokenId = Id(files.BosToken);
        EosTokenId = Id(files.EosToken);
        PadTokenId = Id(files.PadToken);
        UnkTokenId = Id(files.UnkToken);
        special = new[] { files.BosToken, files.EosToken, files.PadToken, files.UnkToken }.Distinct().ToDictionary(token => token, Id);
        specialPattern = LongestOf(special.Keys);
    }

    private CLIPTokenizer(CLIPTokenizer known, Dictionary<string, IReadOnlyList<int>> added)
    {
        (vocabulary, merges, special, specialPattern, words) = (known.vocabulary, known.merges, known.special, known.specialPattern, known.words);
        (BosTokenId, EosTokenId, PadTokenId, UnkTokenId, ModelMaxLength) = (known.BosTokenId, known.EosTokenId, known.PadTokenId, known.UnkTokenId, known.ModelMaxLength);
        this.added = added;
        addedPattern = added.Count > 0 ? LongestOf(added.Keys) : null;
    }

    /// <summary>Id of the token before every prompt.</summary>
    public int BosTokenId { get; }

    /// <summary>Id of the token behind every prompt.</summary>
    public int EosTokenId { get; }

    /// <summary>Id of the token that fills up: end-of-text in SD 1.x, "!" in SD 2.x.</summary>
    public int PadTokenId { get; }

    /// <summary>Id taken for what the vocabulary lacks.</summary>
    public int UnkTokenId { get; }

    /// <summary>One more than its highest id; 49,408 in every published model.</summary>
    public int VocabularySize { get; }

    /// <summary>Tokens in a padded prompt, begin and end included; 77 in every published model.</summary>
    public int ModelMaxLength { get; }

    /// <summary>Reads a tokenizer folder, as old and new versions of transformers write it.</summary>
    /// <param name="folder">Holds vocab.json and merges.txt or tokenizer.json.</param>
    /// <param name="padToken">The token that fills up, where it is not the folder's: models share a vocabulary and pad differently.</param>
    /// <exception cref="TokenizerException">A file is missing or is not what it should be.</exception>
    public static CLIPTokenizer Load(string folder, string? padToken = null)
    {
        var files = TokenizerFiles.Read(folder);
        return new(padToken is null ? files : files with { PadToken = padToken }, folder);
    }

    /// <summary>The same tokenizer with more tokens, as transformers' add_tokens makes it: each is found anywhere in the normalised text, in
    /// the middle of a word too, the longest where several begin at one place, before words are cut.</summary>
    /// <param name="tokens">A token's text and what it stands for, one id or several in a row.</param>
    /// <exception cref="ArgumentException">A token is empty, is another's other spelling, or is in the vocabulary.</exception>
    public CLIPTokenizer WithAddedTokens(IEnumerable<KeyValuePair<string, IReadOnlyList<int>>> tokens)
    {
        var all = new Dictionary<string, IReadOnlyList<int>>(added, StringComparer.Ordinal);
        foreach (var (token, ids) in tokens)
        {
            string text = TextNormalizer.Normalize(token).Trim();
            if (text.Length == 0 || vocabulary.ContainsKey(token) || !all.TryAdd(text, ids))
            {
                string problem = text.Length == 0 ? "is empty" : vocabulary.ContainsKey(token) ? "is in the tokenizer's vocabulary" : "is added twice";
                throw new ArgumentException($"the token \"{token}\" {problem}; choose another.", nameof(tokens));
            }
        }

        return new CLIPTokenizer(this, all);
    }

    /// <summary>The tokens of a text of any length, without begin, end and padding.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        int at = 0;
        foreach (var match in specialPattern.EnumerateMatches(text))
        {
            EncodePlain(text[at..match.Index], ids);
            ids.Add(special[text.Substring(match.Index, match.Length)]);
            at = match.Index + match.Length;
        }

        EncodePlain(text[at..], ids);
        return ids;
    }

    /// <summary>The prompt as the text encoder takes it: begin, at most <see cref="ModelMaxLength"/> − 2 tokens, end, padding.</summary>
    public long[] EncodePadded(string text)
    {
        var ids = Encode(text);
        var padded = new long[ModelMaxLength];
        Array.Fill(padded, PadTokenId);
        int kept = Math.Min(ids.Count, ModelMaxLength - 2);
        padded[0] = BosTokenId;
        for (int i = 0; i < kept; i++)
        {
            padded[i + 1] = ids[i];
        }

        padded[kept + 1] = EosTokenId;
        return padded;
    }

    private static Regex LongestOf(IEnumerable<string> tokens) =>
        new(string.Join('|', tokens.OrderByDescending(token => token.Length).Select(Regex.Escape)), RegexOptions.CultureInvariant);

    private void EncodePlain(string text, List<int> ids)
    {
        string normal = TextNormalizer.Normalize(text);
        int at = 0;
        if (addedPattern is not null)
        {
            foreach (var match in addedPattern.EnumerateMatches(normal))
            {
                EncodeWords(normal[at..match.Index], ids);
                ids.AddRange(added[normal.Substring(match.Index, match.Length)]);
                at = match.Index + match.Length;
            }
        }

        EncodeWords(normal[at..], ids);
    }

    private void EncodeWords(string text, List<int> ids)
    {
        foreach (string word in WordSplitter.Split(text))
        {
            ids.AddRange(EncodeWord(word));
        }
    }

    private int[] EncodeWord(string word)
    {
        if (words.TryGetValue(word, out int[]? known))
        {
            return known;
        }

        int[] ids = [.. merges.Merge(word).Select(symbol => vocabulary.TryGetValue(symbol, out int id) ? id : UnkTokenId)];
        if (word.Length <= CachedWordLength)
        {
            if (words.Count >= CachedWords)
            {
                words.Clear();
            }

            words.TryAdd(word, ids);
        }

        return ids;
    }
}
