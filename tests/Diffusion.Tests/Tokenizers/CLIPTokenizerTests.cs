using System.Text.Json;
using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Tests.Tokenizers;

public sealed class CLIPTokenizerTests
{
    private static readonly CLIPTokenizer Tokenizer = CLIPTokenizer.Load(Goldens.Path("tokenizer"));

    [Fact]
    public void Every_reference_text_gives_the_reference_tokens()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Goldens.Path("tokenizer/cases.json")));
        Assert.NotEmpty(cases.RootElement.EnumerateArray());
        foreach (var row in cases.RootElement.EnumerateArray())
        {
            string text = row.GetProperty("text").GetString()!;
            Assert.Equal(row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), Tokenizer.Encode(text));
            Assert.Equal(row.GetProperty("padded").EnumerateArray().Select(id => id.GetInt64()), Tokenizer.EncodePadded(text));
        }
    }

    [Fact]
    public void Truncation_keeps_the_end_of_text()
    {
        long[] padded = Tokenizer.EncodePadded(string.Join(' ', Enumerable.Repeat("horse", 200)));
        Assert.Equal(Tokenizer.ModelMaxLength, padded.Length);
        Assert.Equal(Tokenizer.EosTokenId, padded[^1]);
        Assert.NotEqual(Tokenizer.EosTokenId, padded[^2]);
    }

    [Fact]
    public void Padding_follows_the_configured_token()
    {
        var sd2 = CLIPTokenizer.Load(Goldens.Path("models/tiny-sd21/tokenizer"));
        long[] padded = sd2.EncodePadded("a");
        Assert.Equal(sd2.EosTokenId, padded[2]);
        Assert.All(padded[3..], id => Assert.Equal(0, id));
    }

    [Fact]
    public void Spelling_variants_of_one_text_give_the_same_tokens()
    {
        Assert.Equal(Tokenizer.Encode("caf\u00e9 \u1e69 \ud55c \u212b"), Tokenizer.Encode("CAFE\u0301\t\ns\u0307\u0323  \u1112\u1161\u11ab A\u030a"));
    }

    [Fact]
    public void Special_tokens_are_taken_as_written_only()
    {
        Assert.Equal([Tokenizer.EosTokenId], Tokenizer.Encode("<|endoftext|>"));
        Assert.DoesNotContain(Tokenizer.EosTokenId, Tokenizer.Encode("<|EndOfText|>"));
    }

    [Fact]
    public void A_word_of_a_hundred_thousand_letters_is_merged_in_time()
    {
        var ids = Tokenizer.Encode(new string('a', 100_000));
        Assert.InRange(ids.Count, 1, 100_000);
    }

    [Fact]
    public void The_single_file_form_reads_like_the_two_file_form()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string[] merges = File.ReadAllLines(Goldens.Path("tokenizer/merges.txt"))[1..];
        var vocabulary = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Goldens.Path("tokenizer/vocab.json")));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new { model = new { vocab = vocabulary, merges = merges.Select(m => m.Split(' ')) } }));
        File.WriteAllText(
            Path.Combine(folder, "tokenizer_config.json"),
            """{"bos_token": {"__type": "AddedToken", "content": "<|startoftext|>"}, "pad_token": "!", "model_max_length": 1000000000000000019884624838656}""");
        try
        {
            var single = CLIPTokenizer.Load(folder);
            Assert.Equal(Tokenizer.Encode("a photograph of an astronaut"), single.Encode("a photograph of an astronaut"));
            Assert.Equal(77, single.ModelMaxLength);
            Assert.Equal(0, single.PadTokenId);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_named_in_the_error()
    {
        string folder = Goldens.Path("schedulers");
        Assert.Contains(folder, Assert.Throws<TokenizerException>(() => CLIPTokenizer.Load(folder)).Message, StringComparison.Ordinal);
    }
}
