using System.Security.Cryptography;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Inputs;

public sealed class InputPictureTests
{
    private static readonly InputOptions Limits = new();

    [Theory]
    [InlineData("")]
    [InlineData("data:image/png;base64,")]
    public void Base64_is_read_bare_and_as_a_data_URL(string prefix)
    {
        var (picture, fault) = InputPicture.Read(prefix + Png.Base64(16, 8), Limits);
        Assert.Null(fault);
        Assert.Equal((16, 8, Convert.ToHexStringLower(SHA256.HashData(Png.Bytes(16, 8)))), (picture!.Width, picture.Height, picture.Hash));
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("https://example.org/a.png", "no base64")]
    [InlineData("AAAA", "no PNG")]
    public void What_is_no_picture_is_told_with_what_to_send(string? text, string reason) =>
        Assert.Contains(reason, InputPicture.Read(text, Limits).Fault, StringComparison.Ordinal);

    [Fact]
    public void The_largest_file_is_a_setting()
    {
        var png = Png.Bytes();
        Assert.NotNull(InputPicture.Read(Convert.ToBase64String(png), new InputOptions { MaxBytes = png.Length }).Picture);
        foreach (var most in new[] { png.Length - 1, 1 })
        {
            Assert.Contains($"more than {most} bytes", InputPicture.Read(Convert.ToBase64String(png), new InputOptions { MaxBytes = most }).Fault, StringComparison.Ordinal);
        }
    }
}
