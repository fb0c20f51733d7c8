namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>The shapes' closed outlines around the origin, about one unit from it to their farthest point.</summary>
internal static class ShapeOutlines
{
    /// <summary>The outlines that bound the shape; a second one is the hole in it.</summary>
    public static Point[][] Of(string shape) => shape switch
    {
        "circle" => [Ellipse(1, 1)],
        "ring" => [Ellipse(1, 1), Ellipse(0.58, 0.58)],
        "square" => [Points(-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, -0.8, 0.8)],
        "triangle" => [Star(3, 1, 0.5)],
        "star" => [Star(5, 1.1, 0.45)],
        "diamond" => [Points(0, -1.1, 0.68, 0, 0, 1.1, -0.68, 0)],
        "cross" => [Points(-0.3, -1, 0.3, -1, 0.3, -0.3, 1, -0.3, 1, 0.3, 0.3, 0.3, 0.3, 1, -0.3, 1, -0.3, 0.3, -1, 0.3,
            -1, -0.3, -0.3, -0.3)],
        "heart" => [Heart()],
        _ => throw new ArgumentException($"No outline for the shape '{shape}'.", nameof(shape)),
    };

    /// <summary>How far the shape may be turned, in degrees, and still be what its name says.</summary>
    public static double MaximumTurn(string shape) => shape switch
    {
        "circle" or "ring" => 0,
        "diamond" => 8,
        "square" or "cross" => 14,
        _ => 20,
    };

    private static Point[] Points(params double[] xy) =>
        [.. Enumerable.Range(0, xy.Length / 2).Select(i => new Point(xy[2 * i], xy[2 * i + 1]))];

    private static Point[] Around(int count, Func<double, Point> at) =>
        [.. Enumerable.Range(0, count).Select(i => at(2 * Math.PI * i / count))];

    private static Point[] Ellipse(double rx, double ry) => Around(40, t => new Point(rx * Math.Cos(t), ry * Math.Sin(t)));

    private static Point[] Star(int tips, double outer, double inner) =>
        [.. Enumerable.Range(0, 2 * tips).Select(i => new Point(0, i % 2 == 0 ? -outer : -inner).Turned(Math.PI * i / tips))];

    // The parametric heart curve, scaled to the unit circle.
    private static Point[] Heart() => Around(40, t => new Point(
        16 * Math.Pow(Math.Sin(t), 3) / 16,
        -(13 * Math.Cos(t) - 5 * Math.Cos(2 * t) - 2 * Math.Cos(3 * t) - Math.Cos(4 * t)) / 16 - 0.1));
}
