using System.Globalization;

namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>
/// How people write the ten digits: per digit a few styles, per style its strokes, in a box from (0, 0) to (1, 1).
/// </summary>
internal static class DigitStrokes
{
    // Strokes are parted by '|'; '~' is a curve through its points, '-' a line from point to point; units are per cent.
    private static readonly string[][] Styles =
    [
        ["~50,2 22,14 12,50 22,86 50,98 78,86 88,50 78,14 50,2", "~62,4 34,8 16,38 20,78 46,98 76,84 84,48 74,16 50,5"],
        ["-50,2 50,98", "-26,24 54,2 54,98", "-30,22 52,2 52,98|-26,98 78,98"],
        ["~14,26 26,6 52,2 78,14 80,36 62,60 36,80 12,97|-12,97 88,97", "~18,20 44,2 76,14 76,40 50,68 14,96|~14,96 40,92 64,97 88,93"],
        ["~16,12 44,2 74,12 74,34 44,46|~44,46 78,56 82,80 52,98 14,88", "-16,4 80,4 46,42|~46,42 78,52 82,78 54,98 14,88"],
        ["-28,4 14,60 88,60|-64,32 64,98", "-64,98 64,2 10,66 90,66"],
        ["-78,4 26,4 22,44|~22,44 52,36 82,54 78,84 46,98 14,88", "-24,6 20,46|~20,46 56,38 82,60 70,90 40,98 12,90|-24,6 80,3"],
        ["~72,4 40,20 18,54 20,82 48,98 78,86 80,62 54,48 24,60", "~60,2 30,36 16,72 34,96 66,96 82,74 66,54 36,56 18,72"],
        ["-12,4 86,4 44,98", "-12,6 84,6 42,98|-30,50 76,50", "~12,8 50,4 86,6|~86,6 60,44 44,98"],
        ["~50,2 22,10 20,34 50,48 80,64 78,90 50,98 22,90 20,64 50,48 80,34 78,10 50,2",
            "~50,2 24,12 26,38 50,46 74,38 76,12 50,2|~50,46 18,58 18,88 50,98 82,88 82,58 50,46"],
        ["~78,30 62,4 30,4 18,28 32,50 62,48 78,30|~78,30 76,66 64,98", "~80,20 56,2 24,12 20,40 46,54 76,40 80,20|-80,20 76,98"],
    ];

    private static readonly Point[][][][] Parsed =
        [.. Styles.Select(styles => styles.Select(style => style.Split('|').Select(Stroke).ToArray()).ToArray())];

    /// <summary>The styles of <paramref name="digit"/>: for each its strokes as polylines.</summary>
    public static Point[][][] Of(int digit) => Parsed[digit];

    private static Point[] Stroke(string text)
    {
        var points = text[1..].Split(' ').Select(Parse).ToArray();
        return text[0] == '~' ? Curve(points) : points;
    }

    private static Point Parse(string pair)
    {
        var numbers = pair.Split(',');
        return new Point(double.Parse(numbers[0], CultureInfo.InvariantCulture) / 100,
            double.Parse(numbers[1], CultureInfo.InvariantCulture) / 100);
    }

    // A Catmull-Rom spline: it passes through every point, with six segments between two of them.
    private static Point[] Curve(Point[] points)
    {
        const int Pieces = 6;
        var closed = points[0] == points[^1];
        var curve = new List<Point>();
        for (var i = 0; i + 1 < points.Length; i++)
        {
            var before = i > 0 ? points[i - 1] : closed ? points[^2] : points[0];
            var after = i + 2 < points.Length ? points[i + 2] : closed ? points[1] : points[^1];
            for (var k = 0; k < Pieces; k++)
                curve.Add(Between(before, points[i], points[i + 1], after, (double)k / Pieces));
        }
        curve.Add(points[^1]);
        return [.. curve];
    }

    private static Point Between(Point a, Point b, Point c, Point d, double t) => new(
        Spline(a.X, b.X, c.X, d.X, t), Spline(a.Y, b.Y, c.Y, d.Y, t));

    private static double Spline(double a, double b, double c, double d, double t) =>
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
