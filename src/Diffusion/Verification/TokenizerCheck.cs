using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>tokenizer/cases.json: text → tokens, plain and padded, exactly.</summary>
internal sealed class TokenizerCheck : IVerificationCheck
{
    private const string Folder = "tokenizer";

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has($"{Folder}/cases.json"))
        {
            yield break;
        }

        var tokens = new Comparison(run, "tokenizer: tokens", 0);
        var padded = new Comparison(run, "tokenizer: padded tokens", 0);
        var tokenizer = CLIPTokenizer.Load(run.Use(Folder));
        foreach (var row in run.ReadJson($"{Folder}/cases.json").EnumerateArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            string text = row.Field("text").GetString()!;
            tokens.Equal(text, tokenizer.Encode(text).SequenceEqual(row.Field("ids").EnumerateArray().Select(id => id.GetInt32())));
            padded.Equal(text, tokenizer.EncodePadded(text).SequenceEqual(row.Field("padded").EnumerateArray().Select(id => id.GetInt64())));
        }

        foreach (var row in tokens.Rows().Concat(padded.Rows()))
        {
            yield return row;
        }
    }
}
