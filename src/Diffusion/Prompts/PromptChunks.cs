using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// Cuts a weighted prompt of any length into chunks, as A1111 does (stable-diffusion-webui, modules/sd_hijack_clip.py): where a chunk is full
/// and a comma is among its last 20 tokens, what follows the comma moves to the next chunk; <c>BREAK</c> ends a chunk; an embedding's name
/// is found among the tokens, the longest first, and its vectors stay together.
/// </summary>
internal sealed class PromptChunks
{
    /// <summary>A1111's comma_padding_backtrack.</summary>
    private const int Backtrack = 20;

    private readonly CLIPTokenizer tokenizer;
    private readonly int room;
    private readonly int comma;
    private readonly ILookup<int, (int[] Word, LearnedToken Learned)> words; // by a word's first token, longest word first

    public PromptChunks(CLIPTokenizer tokenizer, IReadOnlyList<LearnedToken> learned)
    {
        // by its tokens, as A1111 finds a name, <cat> would be missed where a comma follows: >, is one word. Such a token is found as in diffusers
        this.tokenizer = tokenizer.WithAddedTokens(learned.Where(IsMarked).Select(token => KeyValuePair.Create(token.Embedding.Token, Mark(token))));
        room = tokenizer.ModelMaxLength - 2;
        comma = tokenizer.Encode(",") is [int id] ? id : -1;
        words = learned.SelectMany(token => new[] { token.Embedding.Token, token.Embedding.Name }.Select(name => (Word: this.tokenizer.Encode(name).ToArray(), Learned: token)))
            .Where(word => word.Word.Length > 0)
            .OrderByDescending(word => word.Word.Length)
            .ToLookup(word => word.Word[0]);
    }

    /// <summary>A prompt's chunks, at least one.</summary>
    public IReadOnlyList<PromptChunk> Of(string prompt)
    {
        var chunks = new List<PromptChunk>();
        var (ids, weights) = (new List<int>(), new List<double>());
        int lastComma = -1;
        void Next()
        {
            chunks.Add(Padded(ids, weights));
            (ids, weights, lastComma) = ([], [], -1);
        }

        foreach (var piece in AttentionSyntax.Parse(prompt))
        {
            if (piece.IsBreak)
            {
                Next();
                continue;
            }

            int[] tokens = [.. tokenizer.Encode(piece.Text)];
            for (int at = 0; at < tokens.Length;)
            {
                if (tokens[at] == comma)
                {
                    lastComma = ids.Count;
                }
                else if (ids.Count == room && lastComma >= 0 && room - lastComma <= Backtrack)
                {
                    int kept = lastComma + 1;
                    var (movedIds, movedWeights) = (ids[kept..], weights[kept..]);
                    (ids, weights) = (ids[..kept], weights[..kept]);
                    Next();
                    (ids, weights) = (movedIds, movedWeights);
                }

                if (ids.Count == room)
                {
                    Next();
                }

                var (word, vectors) = Learned(tokens, at);
                if (ids.Count + vectors.Count > room)
                {
                    Next();
                }

                ids.AddRange(vectors);
                weights.AddRange(Enumerable.Repeat(piece.Weight, vectors.Count));
                at += word;
            }
        }

        if (ids.Count > 0 || chunks.Count == 0)
        {
            Next();
        }

        return chunks;
    }

    /// <summary>A chunk without a token of a prompt.</summary>
    public PromptChunk Empty() => Padded([], []);

    /// <summary>Whether a token begins or ends with punctuation.</summary>
    private static bool IsMarked(LearnedToken token) => !char.IsLetterOrDigit(token.Embedding.Token[0]) || !char.IsLetterOrDigit(token.Embedding.Token[^1]);

    /// <summary>One id for the token as a whole, until its vectors take their places.</summary>
    private static IReadOnlyList<int> Mark(LearnedToken token) => [token.Ids[0]];

    /// <summary>How many tokens the longest embedding's name here takes, and what stands for it; a token that begins none stands for itself.</summary>
    private (int Word, IReadOnlyList<int> Vectors) Learned(int[] tokens, int at)
    {
        foreach (var (word, learned) in words[tokens[at]])
        {
            if (tokens.AsSpan(at).StartsWith(word))
            {
                return (word.Length, learned.Ids);
            }
        }

        return (1, [tokens[at]]);
    }

    /// <summary>With a padding token of its own, as SD 2.x and SDXL's second encoder have it, all behind the first end is padding, a prompt's
    /// own tokens too.</summary>
    private PromptChunk Padded(List<int> ids, List<double> weights)
    {
        var chunk = new PromptChunk(new long[room + 2], new double[room + 2]);
        Array.Fill(chunk.Ids, tokenizer.EosTokenId);
        Array.Fill(chunk.Weights, 1);
        chunk.Ids[0] = tokenizer.BosTokenId;
        for (int i = 0; i < ids.Count; i++)
        {
            (chunk.Ids[i + 1], chunk.Weights[i + 1]) = (ids[i], weights[i]);
        }

        if (tokenizer.PadTokenId != tokenizer.EosTokenId)
        {
            chunk.Ids.AsSpan(Array.IndexOf(chunk.Ids, tokenizer.EosTokenId) + 1).Fill(tokenizer.PadTokenId);
        }

        return chunk;
    }
}
