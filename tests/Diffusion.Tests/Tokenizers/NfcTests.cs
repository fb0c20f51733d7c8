using StableDiffusion.Diffusion.Tokenizers;

namespace StableDiffusion.Diffusion.Tests.Tokenizers;

public sealed class NfcTests
{
    /// <summary>Values of Python's unicodedata.</summary>
    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\u212b\u2126", "\u00c5\u03a9")]
    [InlineData("a\u0307\u0323", "\u1ea1\u0307")]
    [InlineData("s\u0307\u0323", "\u1e69")]
    [InlineData("q\u0307\u0323\u0301", "q\u0323\u0307\u0301")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\u09c7\u09be", "\u09cb")]
    [InlineData("\U0001d15e", "\U0001d157\U0001d165")]
    [InlineData("\u0301a", "\u0301a")]
    [InlineData("\u1100\u0300\u1161", "\u1100\u0300\u1161")]
    [InlineData("\ufb1d", "\u05d9\u05b4")]
    [InlineData("plain", "plain")]
    public void Text_is_composed_canonically(string text, string expected) => Assert.Equal(expected, Nfc.Normalize(text));

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character() => Assert.Equal("a\ufffdb", Nfc.Normalize("a\ud800b"));
}
