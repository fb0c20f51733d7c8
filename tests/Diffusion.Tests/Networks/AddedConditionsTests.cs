using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class AddedConditionsTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable noGrad = no_grad();
    private readonly Generator generator = new(5);
    private readonly UNet2DConditionModel xl = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sdxl/unet"));

    public void Dispose()
    {
        xl.Dispose();
        generator.Dispose();
        noGrad.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Sdxl_draws_otherwise_for_another_crop()
    {
        var (sample, text, pooled) = (Noise(1, 4, 8, 8), Noise(1, 7, xl.Config.CrossAttentionDim), Noise(1, PooledWidth(6)));
        var whole = Run(sample, text, new AddedConditions(pooled, Ids(64, 64, 0, 0, 64, 64)));
        var cropped = Run(sample, text, new AddedConditions(pooled, Ids(64, 64, 0, 16, 64, 64)));
        Assert.False(whole.allclose(cropped, 1e-3, 1e-4));
    }

    [Fact]
    public void Sdxl_without_its_added_conditions_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Run(Noise(1, 4, 8, 8), Noise(1, 7, xl.Config.CrossAttentionDim), null));
        Assert.Contains("text_time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_that_are_not_as_many_as_the_model_takes_are_refused()
    {
        var added = new AddedConditions(Noise(1, PooledWidth(6)), Ids(64, 64, 0, 0, 64));
        var error = Assert.Throws<ArgumentException>(() => Run(Noise(1, 4, 8, 8), Noise(1, 7, xl.Config.CrossAttentionDim), added));
        Assert.Contains("5 sizes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_distilled_model_takes_the_guidance_scale_as_an_input()
    {
        var config = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet")).Config with { TimeCondProjDim = 6 };
        using var distilled = new UNet2DConditionModel(config);
        Assert.Equal([6, config.BlockOutChannels[0]], distilled.get_parameter("time_embedding.cond_proj.weight")!.shape.Reverse());
        var (sample, text) = (Noise(1, 4, 8, 8), Noise(1, 7, config.CrossAttentionDim));
        var (weak, strong) = (Guided(2), Guided(8));
        Assert.False(weak.allclose(strong));

        // sin and cos of 1000 (w − 1) at frequencies from 1 to 1/10000
        double w = 1500;
        double[] expected = [Math.Sin(w), Math.Sin(w / 100), Math.Sin(w / 10000), Math.Cos(w), Math.Cos(w / 100), Math.Cos(w / 10000)];
        float[] embedded = distilled.EmbedGuidance(2.5)!.data<float>().ToArray();
        Assert.All(expected.Zip(embedded), pair => Assert.Equal(pair.First, pair.Second, 1e-4)); // a float's angle of 1500 is 6e-5 apart

        Tensor Guided(double scale) => distilled.call(sample, tensor(5L), new UNetConditions(text, TimestepCond: distilled.EmbedGuidance(scale)));
    }

    [Fact]
    public void A_model_that_takes_no_guidance_scale_embeds_none_and_refuses_one()
    {
        Assert.Null(xl.EmbedGuidance(7));
        var conditions = new UNetConditions(Noise(1, 7, xl.Config.CrossAttentionDim), TimestepCond: Noise(1, 6));
        var error = Assert.Throws<ArgumentException>(() => xl.call(Noise(1, 4, 8, 8), tensor(5L), conditions));
        Assert.Contains("time_cond_proj_dim", error.Message, StringComparison.Ordinal);
    }

    private static Tensor Ids(params float[] ids) => tensor(ids).unsqueeze(0);

    private long PooledWidth(int ids) => xl.Config.ProjectionClassEmbeddingsInputDim!.Value - ids * xl.Config.AdditionTimeEmbedDim!.Value;

    private Tensor Noise(params long[] shape) => randn(shape, generator: generator);

    private Tensor Run(Tensor sample, Tensor text, AddedConditions? added) => xl.call(sample, tensor(5L), new UNetConditions(text, added));
}
