using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class ClipTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable noGrad = no_grad();
    private readonly CLIPModel clip = NetworkFolder.LoadClip(Goldens.Path("models/tiny-clip"));

    public void Dispose()
    {
        clip.Dispose();
        noGrad.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Texts_and_pictures_are_compared_as_transformers_does()
    {
        using var file = new SafetensorsFile(Goldens.Path("training/clip.safetensors"));
        var output = clip.call(file.Read("input_ids"), file.Read("pixel_values"));
        Equal("text_embeds", output.TextEmbeds);
        Equal("image_embeds", output.ImageEmbeds);
        Equal("logits_per_image", output.LogitsPerImage);

        // sums of a few dozen terms in another order
        void Equal(string name, Tensor made) => Assert.True(made.allclose(file.Read(name), 1e-4, 1e-5), name);
    }

    [Fact]
    public void A_pictures_embedding_sees_its_last_pixel()
    {
        var picture = zeros(1, 3, clip.Config.VisionConfig.ImageSize, clip.Config.VisionConfig.ImageSize);
        var before = clip.EmbedPictures(picture);
        picture[0, 0, -1, -1] = tensor(5f);
        Assert.False(before.allclose(clip.EmbedPictures(picture), 1e-4, 1e-5));
    }

    [Fact]
    public void A_picture_of_another_size_is_refused_with_both_sizes()
    {
        int size = clip.Config.VisionConfig.ImageSize;
        var error = Assert.Throws<ArgumentException>(() => clip.EmbedPictures(zeros(1, 3, size, size + 1)));
        Assert.Contains($"{size}×{size}, not {size + 1}×{size}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_outside_layers_move_with_the_network()
    {
        clip.to(ScalarType.Float64);
        var pictures = rand([2, 3, clip.Config.VisionConfig.ImageSize, clip.Config.VisionConfig.ImageSize], ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, clip.call(tensor(new long[,] { { 998, 5, 999 } }), pictures).LogitsPerImage.dtype);
    }
}
