using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Fills a masked area with the colours around it, softer the further in, as A1111's masked content "fill".</summary>
internal static class ColourFlow
{
    private static readonly (double Radius, int Layers)[] Blurs = [(256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1)];

    /// <param name="image">RGB.</param>
    /// <param name="mask">Grey, of the same size; white is filled.</param>
    public static Picture Fill(Picture image, Picture mask)
    {
        byte[] seen = [.. mask.Pixels.Select(value => (byte)(255 - value))];
        var opaque = new byte[image.Pixels.Length / 3 * 4]; // RGBA, colours times alpha
        for (int pixel = 0; pixel < seen.Length; pixel++)
        {
            for (int c = 0; c < 3; c++)
            {
                opaque[(pixel * 4) + c] = (byte)((image.Pixels[(pixel * 3) + c] * seen[pixel]) / 255);
            }

            opaque[(pixel * 4) + 3] = seen[pixel];
        }

        var source = new Picture(image.Width, image.Height, 4, opaque);
        var colours = new float[image.Pixels.Length]; // times alpha as well
        var alphas = new float[seen.Length];
        foreach (var (radius, layers) in Blurs)
        {
            byte[] blurred = PictureBlur.Gaussian(source, radius).Pixels;
            for (int layer = 0; layer < layers; layer++)
            {
                Cover(colours, alphas, blurred);
            }
        }

        return new Picture(image.Width, image.Height, 3, [.. colours.Select((colour, at) => (byte)Math.Round(alphas[at / 3] > 0 ? colour / alphas[at / 3] : 0))]);
    }

    /// <summary>Lays a layer, whose colours are times alpha, over what is there.</summary>
    private static void Cover(float[] colours, float[] alphas, byte[] layer)
    {
        for (int pixel = 0; pixel < alphas.Length; pixel++)
        {
            float under = 1 - (layer[(pixel * 4) + 3] / 255f);
            alphas[pixel] = (alphas[pixel] * under) + (1 - under);
            for (int c = 0; c < 3; c++)
            {
                colours[(pixel * 3) + c] = (colours[(pixel * 3) + c] * under) + layer[(pixel * 4) + c];
            }
        }
    }
}
