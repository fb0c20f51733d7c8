using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Inputs;

public sealed class RequestInputsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_requests_pictures_are_unpacked_up_to_so_many_pixels_whether_they_are_right_or_wrong(bool wrong)
    {
        var inputs = new RequestInputs(new InputOptions { MaxPixels = 64 * 64, MaxPixelsOfRequest = 2 * 64 * 64 });
        var errors = new RequestErrors();
        string[] pictures = [.. Enumerable.Range(0, 3).Select(place => wrong ? Convert.ToBase64String(Png.Bytes(packed: [(byte)place])) : Png.Base64(content: (byte)place))];
        foreach (var (place, picture) in pictures.Index())
        {
            inputs.Read($"init_images[{place}]", picture, errors);
        }

        Assert.Equal(wrong ? 0 : 2, inputs.Pictures.Count);
        Assert.Contains("8192 pixels together", Assert.Single(errors.ToDictionary()["init_images[2]"]), StringComparison.Ordinal);
        Assert.Equal(wrong ? 3 : 1, errors.ToDictionary().Count);
    }

    [Fact]
    public void A_text_that_many_images_share_counts_once()
    {
        var inputs = new RequestInputs(new InputOptions { MaxPixels = 64 * 64, MaxPixelsOfRequest = 64 * 64 });
        var (errors, text) = (new RequestErrors(), Png.Base64());
        Assert.All(Enumerable.Range(0, 5), _ => Assert.NotNull(inputs.Read("mask", text, errors)));
        Assert.True(errors.IsEmpty);
    }
}
