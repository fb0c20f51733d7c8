using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Previews;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

/// <summary>A latent stands for as many pixels as the VAE says: 8 in all published models, others in those that people train.</summary>
public sealed class VaeScaleFactorTests : IDisposable
{
    private readonly StableDiffusionModel tiny = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => tiny.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void Every_kind_of_request_is_drawn_at_the_VAEs_own_factor(int factor)
    {
        using var vae = Vae(factor);
        var model = tiny.With(vae: vae);
        var (width, height) = (10 * factor, 6 * factor);
        var text = Request(Horse) with { Width = width, Height = height, NumInferenceSteps = 2 };
        var image = text with { Init = new ImageToImage { Image = PictureResize.Lanczos(Input("init"), width, height), Strength = 0.7 } };
        var mask = new Picture(width, height, 1, [.. Enumerable.Range(0, width * height).Select(at => (byte)(at % width < width / 2 ? 0 : 255))]);
        var inpainting = image with { Inpainting = new Inpainting { Mask = mask } };
        var preview = LatentPreview.Of(model);
        using var network = new ControlNetModel(Controlled(factor));

        Assert.Equal([6L, 10L], Drawn(text));
        Assert.Equal([6L, 10L], Drawn(image));
        Assert.Equal([6L, 10L], Drawn(inpainting));
        Assert.Equal([6L, 10L], Drawn(inpainting with { Inpainting = inpainting.Inpainting with { PaddingMaskCrop = 3 } }));
        Assert.Equal([6L, 10L], Drawn(text with { ControlNets = [new ControlInput { Network = network, Image = Input("init") }] }));
        foreach (var upscaler in new[] { Upscaler.Latent, Upscaler.Lanczos })
        {
            Assert.Equal([9L, 15L], Drawn(text with { HighResolution = new HighResolution { Scale = 1.5, Upscaler = upscaler } }));
        }

        long[] Drawn(GenerationRequest request)
        {
            long[] latents = [];
            var tiles = new MemoryOptions { VaeTilingAbove = 0, VaeTileSize = Math.Max(64, 4 * factor) };
            foreach (var memory in new[] { new MemoryOptions(), tiles })
            {
                foreach (var drawn in new StableDiffusionPipeline(model, memory).Generate(request, step =>
                {
                    latents = step.Latents.shape[2..];
                    var small = preview.Draw(step.Latents);
                    Assert.Equal((latents[0], latents[1]), (small.Height, small.Width));
                }))
                {
                    Assert.Equal((latents[1] * factor, latents[0] * factor), (drawn.Picture.Width, drawn.Picture.Height));
                    drawn.Dispose();
                }
            }

            return latents;
        }
    }

    private static AutoencoderKL Vae(int factor)
    {
        var levels = int.Log2(factor) + 1;
        return new AutoencoderKL(new AutoencoderKLConfig
        {
            BlockOutChannels = [.. Enumerable.Repeat(8, levels)],
            DownBlockTypes = [.. Enumerable.Repeat("DownEncoderBlock2D", levels)],
            UpBlockTypes = [.. Enumerable.Repeat("UpDecoderBlock2D", levels)],
            NormNumGroups = 4,
            SampleSize = 8 * factor,
            ScalingFactor = 0.7,
        });
    }

    private static ControlNetConfig Controlled(int factor)
    {
        using var tiny = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet"));
        return tiny.Config with { ConditioningEmbeddingOutChannels = [.. Enumerable.Repeat(8, int.Log2(factor) + 1)] };
    }
}
