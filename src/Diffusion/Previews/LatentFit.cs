using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Pipelines;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Previews;

/// <summary>Fits colours to a VAE's latents by least squares, over smooth random latents and the pictures they decode to.</summary>
internal static class LatentFit
{
    private const int Pictures = 24;
    private const int FieldsPerSide = 4; // patches of one colour, as pictures have them; latents without neighbours in common are none
    private const int LatentsPerSide = 16;
    private const double Spread = 1.4; // what smoothing takes from the unit variance that latents have
    private const double Ridge = 1e-3; // keeps channels that never change out of it

    /// <summary>For red, green and blue: a weight for each channel, then an offset; the same every time for the same weights.</summary>
    public static float[][] Of(StableDiffusionModel model)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var generator = new Generator(0, CPU);
        var fields = randn([Pictures, model.Vae.Config.LatentChannels, FieldsPerSide, FieldsPerSide], generator: generator);
        var latents = interpolate(fields, [LatentsPerSide, LatentsPerSide], mode: InterpolationMode.Bilinear) * Spread; // (Pictures, C, h, w)
        var pictures = new VaeStage(model, new MemoryOptions()).Decode(latents.to(model.Device)).cpu().clamp(-1, 1); // (Pictures, 3, H, W)

        var positions = Rows(latents); // (N, C)
        var inputs = cat([positions, ones(positions.shape[0], 1)], 1); // (N, C + 1)
        var targets = Rows(avg_pool2d(pictures, model.VaeScaleFactor)); // (N, 3)
        var transposed = inputs.transpose(0, 1);
        return Solve(Matrix(transposed.mm(inputs)), Matrix(transposed.mm(targets)));
    }

    /// <summary>From (B, C, h, w) to a row for each position.</summary>
    private static Tensor Rows(Tensor picture) => picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1]);

    private static double[][] Matrix(Tensor matrix)
    {
        double[] values = matrix.to(ScalarType.Float64).contiguous().data<double>().ToArray();
        return [.. values.Chunk((int)matrix.shape[1])];
    }

    /// <summary>The columns of X in A X = B by elimination; A is symmetric and, with the ridge, positive: no pivots are needed.</summary>
    private static float[][] Solve(double[][] a, double[][] b)
    {
        int size = a.Length;
        for (int pivot = 0; pivot < size; pivot++)
        {
            a[pivot][pivot] += Ridge;
        }

        for (int pivot = 0; pivot < size; pivot++)
        {
            for (int row = 0; row < size; row++)
            {
                double share = row == pivot ? 0 : a[row][pivot] / a[pivot][pivot];
                a[row] = [.. a[row].Zip(a[pivot], (own, other) => own - (share * other))];
                b[row] = [.. b[row].Zip(b[pivot], (own, other) => own - (share * other))];
            }
        }

        return [.. Enumerable.Range(0, b[0].Length).Select(column => Enumerable.Range(0, size).Select(row => (float)(b[row][column] / a[row][row])).ToArray())];
    }
}
