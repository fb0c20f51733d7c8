using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class VaeTilesTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(16, 16)]
    [InlineData(100, 64)]
    [InlineData(37, 81)]
    [InlineData(5, 50)]
    public void Tiles_of_a_network_without_surroundings_are_the_whole(int height, int width)
    {
        var latents = rand(2, 3, height, width);
        var whole = Enlarge(latents);
        var tiled = VaeTiles.Map(latents, 16, 64, Enlarge, new WholeNorms([]));
        Assert.Equal(whole.shape, tiled.shape);
        Assert.InRange((whole - tiled).abs().max().item<float>(), 0, 1e-6f); // a·(1 − s) + a·s rounds

        static Tensor Enlarge(Tensor tile) => tile.repeat_interleave(4, 2).repeat_interleave(4, 3);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(37)]
    [InlineData(5)]
    public void What_tiles_call_their_own_is_the_whole_and_nothing_twice(int length)
    {
        const int Finer = 8; // as inside a decoder
        int[] owners = new int[length * Finer];
        foreach (var span in TileSpan.Cover(length, 16))
        {
            var (begin, count) = span.Core(span.Length * Finer);
            for (long at = begin; at < begin + count; at++)
            {
                owners[(span.Begin * Finer) + at]++;
            }
        }

        Assert.All(owners, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_network_never_sees_more_than_a_tile()
    {
        var seen = new List<long>();
        VaeTiles.Map(rand(1, 1, 100, 40), 16, 16, tile =>
        {
            seen.AddRange(tile.shape[2..]);
            return tile.clone();
        }, new WholeNorms([]));
        Assert.Equal(16, seen.Max());
    }

    [Fact]
    public void Pictures_in_tiles_are_close_to_the_whole()
    {
        using var vae = NetworkFolder.LoadVae(Path.Combine(Goldens.Folder, "../../models/starter/vae"));
        using var noGradients = no_grad();
        var picture = Waves(192, 160);
        var tiles = new VaeTiles(vae, 96);
        var latents = vae.Encode(picture).Mean;
        var tiledLatents = tiles.EncodeParameters(picture).narrow(1, 0, latents.shape[1]);
        var whole = vae.Decode(latents);
        var tiled = tiles.Decode(latents);
        Assert.Equal(whole.shape, tiled.shape);

        // Measured: 1.6 % of the latents; 0.03 on average and 0.2 at worst in a picture of −1 … 1. A seam would
        // be a step in the difference, which are 0.05; the picture's own go to 0.27.
        Assert.InRange(Mean(latents - tiledLatents) / Mean(latents), 0, 0.03f);
        Assert.InRange(Mean(whole - tiled), 0, 0.05f);
        Assert.InRange(Worst(whole - tiled), 0, 0.3f);
        Assert.InRange(Math.Max(Worst(Steps(whole - tiled, 2)), Worst(Steps(whole - tiled, 3))), 0, 0.07f);
    }

    private static float Worst(Tensor values) => values.abs().max().item<float>();

    private static float Mean(Tensor values) => values.abs().mean().item<float>();

    /// <summary>From each row or column to the next.</summary>
    private static Tensor Steps(Tensor picture, int dim) => picture.narrow(dim, 1, picture.shape[dim] - 1) - picture.narrow(dim, 0, picture.shape[dim] - 1);

    /// <summary>Smooth colours, other ones everywhere: (1, 3, height, width), −1 … 1.</summary>
    private static Tensor Waves(int height, int width)
    {
        var y = linspace(0, 3, height).unsqueeze(1);
        var x = linspace(0, 4, width).unsqueeze(0);
        return stack([(x + y).sin(), (x * 2 - y).cos(), (x * y).sin()], 0).unsqueeze(0) * 0.8;
    }
}
