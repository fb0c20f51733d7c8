using StableDiffusion.Diffusion.Networks.Layers;
using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class SafePrecisionTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly AutoencoderKL vae = new(new AutoencoderKLConfig { BlockOutChannels = [4], NormNumGroups = 2 }, new LayerFactory(CPU, ScalarType.Float16));
    private readonly List<(ScalarType Input, ScalarType Weights)> calls = [];

    public void Dispose()
    {
        vae.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void What_overflows_in_half_precision_is_computed_again_in_single()
    {
        byte[] before = Weights();
        using var output = SafePrecision.Run(vae, upcast: false, full(2, 70000f), Square);
        Assert.Equal([(ScalarType.Float16, ScalarType.Float16), (ScalarType.Float32, ScalarType.Float32)], calls);
        Assert.Equal(ScalarType.Float32, output.dtype);
        Assert.Equal(4.9e9f, output.max().item<float>(), 1e3f);
        Assert.Equal(before, Weights());
    }

    [Fact]
    public void What_is_known_to_overflow_is_not_tried_in_half_precision()
    {
        SafePrecision.Run(vae, upcast: true, full(2, 3f), Square);
        Assert.Equal([(ScalarType.Float32, ScalarType.Float32)], calls);
    }

    [Fact]
    public void What_fits_stays_in_half_precision()
    {
        SafePrecision.Run(vae, upcast: false, full(2, 3f), Square);
        Assert.Equal([(ScalarType.Float16, ScalarType.Float16)], calls);
    }

    [Fact]
    public void Bfloat16_has_the_range_of_single_precision()
    {
        vae.to(ScalarType.BFloat16);
        SafePrecision.Run(vae, upcast: true, full(2, 70000f), Square);
        Assert.Equal([(ScalarType.BFloat16, ScalarType.BFloat16)], calls);
    }

    /// <summary>Older libtorchs have no half precision on the CPU, so it stands in for the network with one operator that they have.</summary>
    private Tensor Square(Tensor input)
    {
        calls.Add((input.dtype, vae.parameters().First().dtype));
        return (input.to(ScalarType.Float32) * input.to(ScalarType.Float32)).to(input.dtype);
    }

    private byte[] Weights() => [.. vae.parameters().SelectMany(weight => weight.detach().contiguous().bytes.ToArray())];
}
