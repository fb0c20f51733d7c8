using System.Text.Json;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>What a tokenizer folder says, whichever version of transformers wrote it: vocab.json and merges.txt or tokenizer.json;
/// special tokens as strings or as objects with a <c>content</c>, in special_tokens_map.json or tokenizer_config.json.</summary>
internal sealed record TokenizerFiles
{
    private const int DefaultMaxLength = 77;

    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    public required IReadOnlyList<(string First, string Second)> Merges { get; init; }

    public string BosToken { get; init; } = "<|startoftext|>";

    public string EosToken { get; init; } = "<|endoftext|>";

    public string PadToken { get; init; } = "<|endoftext|>";

    public string UnkToken { get; init; } = "<|endoftext|>";

    public int ModelMaxLength { get; init; } = DefaultMaxLength;

    /// <exception cref="TokenizerException">A file is missing or is not what it should be.</exception>
    public static TokenizerFiles Read(string folder)
    {
        try
        {
            return ReadAll(folder);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new TokenizerException(folder, $"a field has another type than it should: {error.Message}", error);
        }
    }

    private static TokenizerFiles ReadAll(string folder)
    {
        var (vocabulary, merges) = File.Exists(Path.Combine(folder, "vocab.json"))
            ? (ReadVocabulary(Json(folder, "vocab.json")!.Value), ReadMergesText(Path.Combine(folder, "merges.txt")))
            : ReadTokenizerJson(folder);
        var config = Json(folder, "tokenizer_config.json");
        var map = Json(folder, "special_tokens_map.json");
        string Token(string name, string otherwise) => Content(map, name) ?? Content(config, name) ?? otherwise;
        string eos = Token("eos_token", "<|endoftext|>");
        return new TokenizerFiles
        {
            Vocabulary = vocabulary,
            Merges = merges,
            BosToken = Token("bos_token", "<|startoftext|>"),
            EosToken = eos,
            PadToken = Token("pad_token", eos),
            UnkToken = Token("unk_token", eos),
            ModelMaxLength = MaxLength(config, Path.Combine(folder, "tokenizer_config.json")),
        };
    }

    private static string? Content(JsonElement? file, string name)
    {
        if (file is not { ValueKind: JsonValueKind.Object } json || !json.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object when value.TryGetProperty("content", out var content) => content.GetString(),
            _ => null,
        };
    }

    /// <summary>Files without a limit carry 10³⁰; CLIP's is 77 then.</summary>
    private static int MaxLength(JsonElement? config, string path)
    {
        if (config is not { ValueKind: JsonValueKind.Object } json || !json.TryGetProperty("model_max_length", out var value)
            || value.ValueKind != JsonValueKind.Number || value.GetDouble() > short.MaxValue)
        {
            return DefaultMaxLength;
        }

        int length = (int)value.GetDouble();
        return length >= 2 ? length : throw new TokenizerException(path, $"model_max_length is {length}; at least 2 is needed.");
    }

    private static Dictionary<string, int> ReadVocabulary(JsonElement json) =>
        json.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32(), StringComparer.Ordinal);

    private static List<(string, string)> ReadMergesText(string path) =>
        File.Exists(path)
            ? [.. File.ReadLines(path).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).Select(line => ReadMerge(line, path))]
            : throw new TokenizerException(path, "the file is missing.");

    private static (string, string) ReadMerge(string line, string path) => line.Split(' ') is [var first, var second]
        ? (first, second)
        : throw new TokenizerException(path, $"\"{line}\" is not a pair of symbols.");

    private static (Dictionary<string, int>, List<(string, string)>) ReadTokenizerJson(string folder)
    {
        var json = Json(folder, "tokenizer.json") ?? throw new TokenizerException(folder, "it has neither vocab.json with merges.txt nor tokenizer.json.");
        string path = Path.Combine(folder, "tokenizer.json");
        if (!json.TryGetProperty("model", out var model) || !model.TryGetProperty("vocab", out var vocab) || !model.TryGetProperty("merges", out var merges))
        {
            throw new TokenizerException(path, "it has no byte-pair model (model.vocab, model.merges).");
        }

        var vocabulary = ReadVocabulary(vocab);
        if (json.TryGetProperty("added_tokens", out var added))
        {
            foreach (var token in added.EnumerateArray())
            {
                vocabulary[token.GetProperty("content").GetString()!] = token.GetProperty("id").GetInt32();
            }
        }

        return (vocabulary, [.. merges.EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.Array
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : ReadMerge(merge.GetString()!, path))]);
    }

    private static JsonElement? Json(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
        }
        catch (JsonException error)
        {
            throw new TokenizerException(path, $"not JSON: {error.Message}", error);
        }
    }
}
