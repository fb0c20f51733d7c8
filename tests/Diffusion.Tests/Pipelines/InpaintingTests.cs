using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class InpaintingTests : IDisposable
{
    private readonly StableDiffusionModel plain = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
    private readonly UNet2DConditionModel nineChannels = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15-inpaint-unet"));
    private readonly Picture input = Input("init");

    public void Dispose()
    {
        plain.Dispose();
        nineChannels.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pasted_back_the_pixels_outside_the_mask_are_the_inputs(bool nine)
    {
        var drawn = Assert.Single(Model(nine).Draw(Masked(RightOf(40), inpainting => inpainting with { PasteBack = true })));
        for (int pixel = 0; pixel < 64 * 64; pixel++)
        {
            if (pixel % 64 < 40)
            {
                Assert.Equal(input.Pixels.AsSpan(pixel * 3, 3), drawn.Pixels.AsSpan(pixel * 3, 3));
            }
        }

        Assert.NotEqual(input.Pixels[^3..], drawn.Pixels[^3..]);
    }

    [Fact]
    public void A_plain_U_Net_keeps_the_latents_outside_the_mask()
    {
        using var kept = plain.LatentsOf(Request(Horse) with { Init = new ImageToImage { Image = input, Strength = 0 } });
        using var drawn = plain.LatentsOf(Masked(RightOf(32)));
        Assert.True(drawn[.., .., .., ..4].eq(kept[.., .., .., ..4]).all().item<bool>());
        Assert.True(drawn[.., .., .., 4..].ne(kept[.., .., .., 4..]).all().item<bool>());
    }

    [Fact]
    public void An_inverted_mask_is_its_negative()
    {
        var negative = new Picture(64, 64, 1, [.. RightOf(24).Pixels.Select(value => (byte)(255 - value))]);
        Assert.Equal(plain.DrawOne(Masked(negative)), plain.DrawOne(Masked(RightOf(24), inpainting => inpainting with { InvertMask = true })));
    }

    [Fact]
    public void A_mask_is_cut_at_one_half()
    {
        Picture Of(byte dark, byte light) => new(64, 64, 1, [.. RightOf(24).Pixels.Select(value => value == 0 ? dark : light)]);
        Assert.Equal(plain.DrawOne(Masked(Of(0, 255))), plain.DrawOne(Masked(Of(127, 128))));
    }

    [Fact]
    public void Only_the_masked_area_is_drawn_and_put_back_into_a_picture_of_any_size()
    {
        var large = PictureResize.Lanczos(input, 200, 150);
        var mask = new Picture(200, 150, 1, [.. Enumerable.Range(0, 200 * 150).Select(at => (byte)(at % 200 is >= 120 and < 140 && at / 200 is >= 60 and < 90 ? 255 : 0))]);
        var request = Masked(mask, inpainting => inpainting with { PaddingMaskCrop = 8 }) with { Init = new ImageToImage { Image = large, Strength = 1 } };
        var seen = new List<long[]>();
        var drawn = Assert.Single(plain.Draw(request, step => seen.Add(step.Latents.shape)));
        Assert.Equal((200, 150), (drawn.Width, drawn.Height));
        Assert.All(seen, shape => Assert.Equal([1, 4, 8, 8], shape));
        int changed = 0;
        for (int pixel = 0; pixel < 200 * 150; pixel++)
        {
            bool same = drawn.Pixels.AsSpan(pixel * 3, 3).SequenceEqual(large.Pixels.AsSpan(pixel * 3, 3));
            changed += same ? 0 : 1;
            Assert.True(same || mask.Pixels[pixel] != 0);
        }

        Assert.InRange(changed, 550, 600);
    }

    [Fact]
    public void ControlNets_see_the_part_that_is_drawn_whatever_size_their_pictures_have()
    {
        using var network = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet"));
        var (whole, control) = (PictureResize.Lanczos(input, 200, 150), PictureResize.Lanczos(Input("control"), 300, 225));
        var mask = new Picture(200, 150, 1, [.. Enumerable.Range(0, 200 * 150).Select(at => (byte)(at % 200 is >= 110 and < 150 && at / 200 is >= 60 and < 90 ? 255 : 0))]);
        GenerationRequest Held(Picture image, Picture masked, Picture held, int? padding) => Masked(masked, inpainting => inpainting with { PaddingMaskCrop = padding }) with
        {
            Init = new ImageToImage { Image = image, Strength = 0.75 },
            ControlNets = [new ControlInput { Network = network, Image = held }],
        };

        var part = CropRegion.Of(mask, 64, 64, 8);
        Assert.Equal(part.Width, part.Height); // so that nothing is filled up
        using var alone = plain.LatentsOf(Held(part.Of(whole), part.Of(mask), part.Of(PictureResize.Lanczos(control, 200, 150)), null));
        using var ofWhole = plain.LatentsOf(Held(whole, mask, control, 8));
        using var uncut = plain.LatentsOf(Held(part.Of(whole), part.Of(mask), control, null));
        Assert.True(alone.eq(ofWhole).all().item<bool>());
        Assert.False(alone.eq(uncut).all().item<bool>());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4)]
    public void A_mask_of_another_size_is_brought_to_the_pictures(int? padding)
    {
        var large = RightOf(48, 96, 96);
        Picture fitting = PictureResize.Lanczos(large, 64, 64);
        Assert.Equal(plain.DrawOne(Masked(fitting, Cropped)), plain.DrawOne(Masked(large, Cropped)));

        Inpainting Cropped(Inpainting inpainting) => inpainting with { PaddingMaskCrop = padding, PasteBack = true };
    }

    [Fact]
    public void A_blurred_mask_mixes_along_its_edge_alone()
    {
        Inpainting Pasted(Inpainting inpainting, double blur) => inpainting with { PasteBack = true, MaskBlur = blur };
        var sharp = plain.DrawOne(Masked(RightOf(32), inpainting => Pasted(inpainting, 0)));
        var soft = plain.DrawOne(Masked(RightOf(32), inpainting => Pasted(inpainting, 2)));
        int[] changed = [.. Enumerable.Range(0, sharp.Length).Where(at => sharp[at] != soft[at]).Select(at => at / 3 % 64)];
        Assert.InRange(changed.Min(), 24, 31);
        Assert.InRange(changed.Max(), 32, 39);
    }

    [Fact]
    public void What_the_masked_area_starts_from_is_as_asked()
    {
        byte[] Filled(InpaintingFill fill) => plain.DrawOne(
            Masked(RightOf(32), inpainting => inpainting with { Fill = fill }) with { Init = new ImageToImage { Image = input, Strength = 0 } });
        byte[][] starts = [.. Enum.GetValues<InpaintingFill>().Select(Filled)];
        Assert.Equal(starts.Length, starts.DistinctBy(Convert.ToHexString).Count());
    }

    [Fact]
    public void Colours_flow_into_a_filled_area()
    {
        var red = new Picture(64, 64, 3, [.. Enumerable.Range(0, 64 * 64).SelectMany(at => new byte[] { 200, (byte)(at % 64 >= 32 ? 250 : 20), 30 })]);
        var filled = ColourFlow.Fill(red, RightOf(32));
        Assert.All(Enumerable.Range(0, 64 * 64), at => Assert.InRange(filled.Pixels[(at * 3) + 1], 15, 25)); // bytes, times an alpha that is small far in
    }

    [Fact]
    public void Pictures_share_a_sample_of_the_inputs_latents_where_a_seed_for_it_is_given()
    {
        var both = Masked(RightOf(32)) with { Images = [Horse, Lighthouse] };
        var own = plain.Draw(both);
        var shared = plain.Draw(both with { Inpainting = both.Inpainting! with { LatentsSeed = Horse.Seed } });
        Assert.Equal(own[0].Pixels, shared[0].Pixels);
        Assert.NotEqual(own[1].Pixels, shared[1].Pixels);
        using var first = plain.LatentsOf(both with { Images = [Horse], Inpainting = both.Inpainting! with { LatentsSeed = 3 } });
        using var second = plain.LatentsOf(both with { Images = [Lighthouse], Inpainting = both.Inpainting! with { LatentsSeed = 3 } });
        Assert.True(first[.., .., .., ..4].eq(second[.., .., .., ..4]).all().item<bool>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_picture_is_the_same_alone_and_in_company(bool nine)
    {
        byte[] alone = Model(nine).DrawOne(Masked(RightOf(32)));
        Assert.Equal(alone, Model(nine).Draw(Masked(RightOf(32)) with { Images = [Lighthouse, Horse] })[1].Pixels);
    }

    [Fact]
    public void A_model_for_in_painting_alone_wants_a_mask()
    {
        var error = Assert.Throws<ArgumentException>(() => Model(nine: true).Draw(Request(Horse)));
        Assert.StartsWith("mask_image:", error.Message, StringComparison.Ordinal);
    }

    private StableDiffusionModel Model(bool nine) => nine ? plain.With(unet: nineChannels) : plain;

    private GenerationRequest Masked(Picture mask, Func<Inpainting, Inpainting>? change = null) => Request(Horse) with
    {
        NumInferenceSteps = 4,
        Init = new ImageToImage { Image = input, Strength = 0.75 },
        Inpainting = (change ?? (inpainting => inpainting))(new Inpainting { Mask = mask }),
    };
}
