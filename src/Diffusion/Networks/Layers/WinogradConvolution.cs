using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>
/// A 3×3 convolution by minimal filtering, F(4×4, 3×3) of https://arxiv.org/abs/1509.09308: 36 multiplications where the plain
/// one has 144. It gives the plain one's numbers but for rounding, a few millionths of the largest.
/// </summary>
internal static class WinogradConvolution
{
    private const int Tile = 4;
    private const int Taps = 3;
    private const int Window = Tile + Taps - 1;
    private const int Places = Window * Window;

    /// <summary>Windows are transformed in strips of no more numbers than this, 64 MiB; a strip is at least one row of tiles.</summary>
    private const long NumbersAtOnce = 1 << 24;

    // Where the polynomials behind it are evaluated, besides at infinity. 0, ±1, ±2 make rounder matrices and four times the error.
    private static readonly double[] Points = [0, 0.625, -0.625, 1.5, -1.5];

    private static readonly float[] InputTransform = Squared(Window, Window, (row, column) => Polynomial(row)[column]);

    private static readonly float[] FilterTransform = Squared(Window, Taps, (row, column) =>
        row == Points.Length ? (column == Taps - 1 ? 1 : 0) : Math.Pow(Points[row], column) / Others(row).Aggregate(1.0, (product, point) => product * (Points[row] - point)));

    private static readonly float[] OutputTransform = Squared(Tile, Window, (row, column) =>
        column == Points.Length ? (row == Tile - 1 ? 1 : 0) : Math.Pow(Points[column], row));

    /// <param name="input">(B, C, H, W)</param>
    /// <param name="weight">(C', C, 3, 3)</param>
    /// <param name="bias">(C')</param>
    /// <returns>(B, C', H, W): stride 1, padding 1; channels lie last in memory</returns>
    public static Tensor Call(Tensor input, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (input.shape[2], input.shape[3]);
        var (rows, columns) = ((height + Tile - 1) / Tile, (width + Tile - 1) / Tile);
        var padded = pad(input.permute(0, 2, 3, 1), [0, 0, 1, (Tile * columns) - width + 1, 1, (Tile * rows) - height + 1]); // (B, 4·rows + 2, 4·columns + 2, C)
        var filters = tensor(FilterTransform, [Places, Taps * Taps]).mm(weight.view(-1, Taps * Taps).t()).view(Places, weight.shape[0], weight.shape[1]).transpose(1, 2); // (36, C, C')
        var most = Math.Clamp(NumbersAtOnce / (Places * input.shape[0] * columns * Math.Max(weight.shape[0], weight.shape[1])), 1, rows);
        var strip = (rows + ((rows + most - 1) / most) - 1) / ((rows + most - 1) / most); // as many strips, of like height
        var strips = new List<Tensor>();
        for (long row = 0; row < rows; row += strip)
        {
            var count = Math.Min(strip, rows - row);
            strips.Add(Strip(padded.narrow(1, Tile * row, (Tile * count) + Taps - 1), filters, count, columns));
        }

        var output = strips.Count == 1 ? strips[0] : cat(strips, 1); // (B, 4·rows, 4·columns, C')
        output = output.narrow(1, 0, height).narrow(2, 0, width).contiguous(); // (B, H, W, C')
        output = bias is null ? output : output.add_(bias);
        return scope.MoveToOuter(output.permute(0, 3, 1, 2));
    }

    /// <returns>(B, 4·rows, 4·columns, C')</returns>
    private static Tensor Strip(Tensor padded, Tensor filters, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var windows = padded.unfold(1, Window, Tile).unfold(2, Window, Tile).permute(4, 5, 0, 1, 2, 3).reshape(Places, -1); // (36, tiles · C)
        var inputs = tensor(InputTransform, [Places, Places]).mm(windows).view(Places, -1, filters.shape[1]); // (36, tiles, C)
        var products = inputs.bmm(filters); // (36, tiles, C')
        var outputs = tensor(OutputTransform, [Tile * Tile, Places]).mm(products.view(Places, -1)); // (16, tiles · C')
        return scope.MoveToOuter(outputs.view(Tile, Tile, padded.shape[0], rows, columns, -1).permute(2, 3, 0, 4, 1, 5)
            .reshape(padded.shape[0], Tile * rows, Tile * columns, -1));
    }

    /// <summary>A transform of one dimension applied to both, as one matrix: its Kronecker product with itself, row by row.</summary>
    private static float[] Squared(int rows, int columns, Func<int, int, double> element) =>
        [.. from y in Enumerable.Range(0, rows) from x in Enumerable.Range(0, rows)
            from j in Enumerable.Range(0, columns) from i in Enumerable.Range(0, columns)
            select (float)(element(y, j) * element(x, i))];

    private static IEnumerable<double> Others(int point) => Points.Where((_, index) => index != point);

    /// <summary>The coefficients, lowest first, of the product of x − p over all points but the given one; over all for the last row.</summary>
    private static double[] Polynomial(int row)
    {
        var coefficients = new double[Window];
        coefficients[0] = 1;
        foreach (var point in Others(row))
        {
            for (var power = Window - 1; power >= 0; power--)
            {
                coefficients[power] = (power > 0 ? coefficients[power - 1] : 0) - (point * coefficients[power]);
            }
        }

        return coefficients;
    }
}
