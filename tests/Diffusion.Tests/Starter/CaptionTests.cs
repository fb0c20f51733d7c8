using StableDiffusion.Diffusion.Starter.Captions;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Tests.Starter;

public sealed class CaptionTests
{
    private static IEnumerable<(Scene Scene, Caption Caption)> Captions(int count) => Enumerable.Range(0, count).Select(i =>
    {
        var scene = Scene.At(SceneSplit.HeldOut, i);
        return (scene, CaptionWriter.Describe(scene, SeededRandom.For(1, i)));
    });

    [Fact]
    public void A_caption_says_what_is_drawn_and_claims_no_more()
    {
        foreach (var (scene, caption) in Captions(2000))
        {
            var words = caption.Text.Replace("grey", "gray", StringComparison.Ordinal).Split(' ', ',');
            Assert.Equal(scene.Subject, caption.Subject);
            Assert.Equal(caption.Foreground is not null, words.Contains(scene.Foreground.Name));
            Assert.Equal(caption.Background is not null, words.Contains(scene.Background.Name));
            Assert.True(caption.Foreground is null || caption.Foreground == scene.Foreground);
            Assert.True(caption.Background is null || caption.Background == scene.Background);
        }
    }

    [Fact]
    public void Some_captions_leave_colours_out() =>
        Assert.InRange(Captions(2000).Count(pair => pair.Caption.Background is null), 200, 700);

    [Fact]
    public void The_prompt_that_users_try_first_is_among_them() =>
        Assert.Contains("a red circle on a white background", Enumerable.Range(0, 200).Select(i =>
            CaptionWriter.DescribeInFull(new Scene(Subject.All[0], SceneColor.All[0], SceneColor.All[7], 0), SeededRandom.For(2, i)).Text));

    [Fact]
    public void The_vocabulary_reads_back_with_each_word_one_token()
    {
        using var folder = new TemporaryFolder();
        var vocabulary = new CaptionVocabulary(CaptionWriter.Words());
        vocabulary.Write(folder.Root, 77);
        var tokenizer = CLIPTokenizer.Load(folder.Root);
        Assert.Equal(vocabulary.StartOfTextId, tokenizer.BosTokenId);
        Assert.Equal(vocabulary.EndOfTextId, tokenizer.EosTokenId);
        Assert.Equal(vocabulary.EndOfTextId, tokenizer.PadTokenId);
        Assert.All(CaptionWriter.Words(), word => Assert.Single(tokenizer.Encode(word)));
        Assert.Equal(77, tokenizer.EncodePadded("a sentence that it was never taught").Length);
        Assert.All(Captions(300), pair => Assert.True(tokenizer.Encode(pair.Caption.Text).Count <= 18, pair.Caption.Text));
    }
}
