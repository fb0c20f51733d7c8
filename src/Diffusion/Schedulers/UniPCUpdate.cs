using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The one formula of UniPC's predictor and corrector (Zhao et al. 2023): the exact step for a constant output, and
/// weighted differences of outputs; the weights make it exact for polynomials in λ.</summary>
/// <param name="PredictX0">Whether outputs are x₀ or ε.</param>
/// <param name="bh1">Whether B(h) is h, or e^h − 1.</param>
internal sealed class UniPCUpdate(bool predictX0, bool bh1)
{
    /// <summary>The highest solver_order; the paper's too.</summary>
    public const int MaxOrder = 4;

    public bool PredictX0 => predictX0;

    /// <summary>The sample at level <paramref name="to"/>, in the current dispose scope.</summary>
    /// <param name="sample">At the first of <paramref name="levels"/>.</param>
    /// <param name="outputs">The network's, at those levels.</param>
    /// <param name="levels">As many as the order, the latest first.</param>
    /// <param name="to">Where the step leads.</param>
    /// <param name="reached">The network's word there: given, it corrects.</param>
    public Tensor Apply(Tensor sample, TensorHistory outputs, NoiseLevel[] levels, NoiseLevel to, Tensor? reached = null)
    {
        var from = levels[0];
        double h = to.Lambda - from.Lambda, signed = predictX0 ? -h : h;
        double exact = Math.Exp(signed) - 1, scale = bh1 ? signed : exact;
        double[] points = [.. levels[1..].Select(level => (level.Lambda - from.Lambda) / h)];
        var (kept, added) = predictX0 ? (to.Sigma / from.Sigma, to.Alpha) : (to.Alpha / from.Alpha, to.Sigma);

        var next = (sample * kept) - (outputs[0] * (added * exact));
        double[] weights = Weights(reached is null ? points : [.. points, 1], signed, exact, scale);
        for (int i = 0; i < points.Length; i++)
        {
            next = next - ((outputs[i + 1] - outputs[0]) * (added * scale * weights[i] / points[i]));
        }

        return reached is null ? next : next - ((reached - outputs[0]) * (added * scale * weights[^1]));
    }

    /// <summary>The ρ that solve Σ ρ_k·r_k^(i−1) = i!·φ_{i+1}(h)/B(h). One difference alone weighs a half, which is as exact.</summary>
    private static double[] Weights(double[] points, double h, double exact, double scale)
    {
        int count = points.Length;
        if (count <= 1)
        {
            return count == 0 ? [] : [0.5];
        }

        var rows = new double[count][];
        double phi = (exact / h) - 1, factorial = 1;
        for (int i = 0; i < count; i++)
        {
            rows[i] = [.. points.Select(point => Math.Pow(point, i)), phi * factorial / scale];
            factorial *= i + 2;
            phi = (phi / h) - (1 / factorial);
        }

        return Solve(rows);
    }

    /// <summary>Gauss-Jordan elimination of a few equations; each row ends with its right side. With the largest pivot first.</summary>
    private static double[] Solve(double[][] rows)
    {
        for (int column = 0; column < rows.Length; column++)
        {
            int pivot = Enumerable.Range(column, rows.Length - column).MaxBy(row => Math.Abs(rows[row][column]));
            (rows[column], rows[pivot]) = (rows[pivot], rows[column]);
            foreach (double[] row in rows.Where((_, index) => index != column))
            {
                double factor = row[column] / rows[column][column];
                for (int k = column; k < row.Length; k++)
                {
                    row[k] -= factor * rows[column][k];
                }
            }
        }

        return [.. rows.Select((row, index) => row[^1] / row[index])];
    }
}
