using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// Takes a picture through a VAE tile by tile, so that memory grows with latents and not with pixels. Tiles have diffusers'
/// sizes (<c>enable_tiling</c>): as large as the VAE was trained at, a quarter of them shared with the neighbour and faded into
/// it. Beyond diffusers, what looks at the whole picture still does: the attention runs on all latents at once, and the group norms
/// take their statistics from a first pass over all tiles. So the result is close to the whole's, at twice the time.
/// </summary>
internal sealed class VaeTiles
{
    private const int Quarters = 4; // a tile is a multiple of so many latents

    private readonly AutoencoderKL vae;
    private readonly int latentSize;
    private readonly int sampleSize;

    /// <param name="vae">Stays the caller's.</param>
    /// <param name="tileSize">A tile's height and width in pixels, rounded down to four latents; null is the size that the VAE was trained at.</param>
    public VaeTiles(AutoencoderKL vae, int? tileSize = null)
    {
        this.vae = vae;
        int quarter = Math.Max((tileSize ?? vae.Config.SampleSize) / vae.ScaleFactor / Quarters, 1);
        latentSize = quarter * Quarters;
        sampleSize = latentSize * vae.ScaleFactor;
    }

    /// <param name="latents">(B, latent_channels, h, w)</param>
    /// <returns>(B, out_channels, h · f, w · f)</returns>
    public Tensor Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        using var norms = new WholeNorms(vae.Decoder.LocalParts);
        return scope.MoveToOuter(Map(vae.DecodeGlobally(latents), latentSize, sampleSize, vae.Decoder.Locally, norms));
    }

    /// <param name="image">(B, in_channels, H, W)</param>
    /// <returns>Means, then log-variances: (B, 2 · latent_channels, H/f, W/f)</returns>
    public Tensor EncodeParameters(Tensor image)
    {
        using var scope = NewDisposeScope();
        using var norms = new WholeNorms(vae.Encoder.LocalParts);
        return scope.MoveToOuter(vae.EncodeGlobally(Map(image, sampleSize, latentSize, vae.Encoder.Locally, norms)));
    }

    /// <summary>Any network that makes (B, C, H · o/i, W · o/i) of (B, C', H, W).</summary>
    internal static Tensor Map(Tensor input, int inputSize, int outputSize, Func<Tensor, Tensor> network, WholeNorms norms)
    {
        using var scope = NewDisposeScope();
        var (ys, xs) = (TileSpan.Cover(input.shape[2], inputSize), TileSpan.Cover(input.shape[3], inputSize));
        foreach (var (y, x) in ys.SelectMany(y => xs, (y, x) => (y, x)))
        {
            norms.Gather(y, x, () => network(Tile(input, y, x)));
        }

        var strips = new List<Tensor>();
        Tensor[] above = [];
        foreach (var y in ys)
        {
            var row = xs.Select(x => norms.Apply(() => network(Tile(input, y, x)))).ToArray();
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = above.Length == 0 ? row[i] : Fade(above[i], row[i], outputSize / Quarters, 2);
                row[i] = i == 0 ? row[i] : Fade(row[i - 1], row[i], outputSize / Quarters, 3);
            }

            strips.Add(cat([.. row.Select((tile, i) => Shown(Shown(tile, 2, outputSize, y == ys[^1]), 3, outputSize, i == xs.Count - 1))], 3));
            Array.ForEach(above, tile => tile.Dispose());
            above = row;
        }

        return scope.MoveToOuter(cat(strips, 2));
    }

    /// <summary>A copy of a tile of the input, in the current scope.</summary>
    private static Tensor Tile(Tensor input, TileSpan y, TileSpan x)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(input.narrow(2, y.Begin, y.Length).narrow(3, x.Begin, x.Length).clone());
    }

    /// <summary>The tile, its first rows or columns mixed with the last ones of the tile before it; disposes <paramref name="tile"/>.</summary>
    private static Tensor Fade(Tensor before, Tensor tile, long extent, int dim)
    {
        using var scope = NewDisposeScope();
        using var unmixed = tile;
        long[] shape = [1, 1, 1, 1];
        shape[dim] = extent;
        var share = (arange(extent, dtype: ScalarType.Float32, device: tile.device) / extent).reshape(shape).to(tile.dtype);
        var mixed = (before.narrow(dim, before.shape[dim] - extent, extent) * (1 - share)) + (tile.narrow(dim, 0, extent) * share);
        return scope.MoveToOuter(cat([mixed, tile.narrow(dim, extent, tile.shape[dim] - extent)], dim));
    }

    /// <summary>All but the quarter that the next tile shows.</summary>
    private static Tensor Shown(Tensor tile, int dim, int outputSize, bool last) =>
        last ? tile : tile.narrow(dim, 0, outputSize - (outputSize / Quarters));
}
