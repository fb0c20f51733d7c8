namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>A point of an outline or a stroke; x to the right, y down.</summary>
public readonly record struct Point(double X, double Y)
{
    /// <summary>The point turned by <paramref name="angle"/> radians about the origin.</summary>
    public Point Turned(double angle)
    {
        var (sine, cosine) = Math.SinCos(angle);
        return new Point(X * cosine - Y * sine, X * sine + Y * cosine);
    }

    /// <summary>Distance from this point to the segment from <paramref name="a"/> to <paramref name="b"/>.</summary>
    public double DistanceTo(Point a, Point b)
    {
        double dx = b.X - a.X, dy = b.Y - a.Y, px = X - a.X, py = Y - a.Y;
        var length = dx * dx + dy * dy;
        var t = length > 0 ? Math.Clamp((px * dx + py * dy) / length, 0, 1) : 0;
        double ex = px - t * dx, ey = py - t * dy;
        return Math.Sqrt(ex * ex + ey * ey);
    }
}
