using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Prompts;

public sealed class PromptChunksTests
{
    private const int First = 1000; // of the ids behind the vocabulary

    private static readonly CLIPTokenizer Tokenizer = CLIPTokenizer.Load(Goldens.Path("models/tiny-sd15/tokenizer"));

    [Fact]
    public void A_chunk_ends_after_a_comma_that_is_near_its_end()
    {
        string prompt = $"{Words(60)}, {Words(14)} {Words(3)}";
        var chunks = new PromptChunks(Tokenizer, []).Of(prompt);
        Assert.Equal([61, 17], chunks.Select(Length));
        chunks = new PromptChunks(Tokenizer, []).Of($"{Words(40)}, {Words(40)}");
        Assert.Equal([75, 6], chunks.Select(Length));
    }

    [Fact]
    public void A_comma_is_near_up_to_twenty_tokens_before_the_end()
    {
        Assert.Equal([56, 30], new PromptChunks(Tokenizer, []).Of($"{Words(55)}, {Words(30)}").Select(Length));
        Assert.Equal([75, 10], new PromptChunks(Tokenizer, []).Of($"{Words(54)}, {Words(30)}").Select(Length));
    }

    [Fact]
    public void Weights_follow_their_tokens_to_the_next_chunk()
    {
        var chunks = new PromptChunks(Tokenizer, []).Of($"{Words(70)}, ({Words(6)}:1.5)");
        Assert.Equal([1, .. Enumerable.Repeat(1.5, 6), 1], chunks[1].Weights[..8]);
        Assert.All(chunks[0].Weights, weight => Assert.Equal(1, weight));
    }

    [Fact]
    public void An_embedding_is_not_parted()
    {
        using var embedding = Embedding("dog", "dog", 4);
        var chunks = new PromptChunks(Tokenizer, [Learned(embedding, First)]).Of($"{Words(73)} dog a");
        Assert.Equal([73, 5], chunks.Select(Length));
        Assert.Equal([First, First + 1, First + 2, First + 3, .. Tokenizer.Encode("a")], chunks[1].Ids[1..6].Select(id => (int)id));
    }

    [Fact]
    public void The_longest_name_is_found()
    {
        using var small = Embedding("red", "red", 1);
        using var large = Embedding("red dog", "red dog", 2);
        var chunk = Assert.Single(new PromptChunks(Tokenizer, [Learned(small, First), Learned(large, First + 1)]).Of("red dog, red cat, reds"));
        long[] ids = chunk.Ids;
        Assert.Equal([First + 1, First + 2], ids[1..3]);
        Assert.Equal(First, ids[4]);
        Assert.Single(ids, id => id == First);
    }

    [Theory]
    [InlineData("<cat>, a dog")]
    [InlineData("a<CAT>b")]
    [InlineData("((<cat>:1.2))")]
    [InlineData("<cat><cat>")]
    [InlineData("my-cat. Sat")]
    public void A_token_or_the_files_name_stands_for_its_vectors(string prompt)
    {
        using var embedding = Embedding("<cat>", "my-cat", 2);
        var chunk = Assert.Single(new PromptChunks(Tokenizer, [Learned(embedding, First)]).Of(prompt));
        int at = Array.IndexOf(chunk.Ids, First);
        Assert.True(at > 0);
        Assert.Equal(First + 1, chunk.Ids[at + 1]);
    }

    [Fact]
    public void Behind_an_end_in_the_prompt_all_is_padding_where_that_is_another_token()
    {
        var chunk = Assert.Single(new PromptChunks(CLIPTokenizer.Load(Goldens.Path("models/tiny-sd21/tokenizer")), []).Of("a<|endoftext|>b"));
        Assert.Equal(Tokenizer.EosTokenId, chunk.Ids[2]);
        Assert.All(chunk.Ids[3..], id => Assert.Equal(0, id));
        chunk = Assert.Single(new PromptChunks(Tokenizer, []).Of("a<|endoftext|>b"));
        Assert.Equal(Tokenizer.Encode("b")[0], chunk.Ids[3]);
    }

    [Fact]
    public void A_huge_prompt_takes_its_chunks()
    {
        var chunks = new PromptChunks(Tokenizer, []).Of(string.Concat(Enumerable.Repeat("(a:1.1) [b], ", 25_000)));
        Assert.Equal(1_000, chunks.Count);
    }

    private static string Words(int count) => string.Join(' ', Enumerable.Repeat("a", count));

    private static int Length(PromptChunk chunk) => Array.IndexOf(chunk.Ids, Tokenizer.EosTokenId) - 1;

    private static TextualInversion Embedding(string token, string name, int vectors) => new("test", token, name, ones(vectors, 4), null);

    private static LearnedToken Learned(TextualInversion embedding, int first) => new(embedding, [.. Enumerable.Range(first, embedding.Vectors)]);
}
