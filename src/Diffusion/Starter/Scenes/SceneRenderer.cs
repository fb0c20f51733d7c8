namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>Draws scenes as antialiased 64×64 RGB pictures in plain C#, the same bytes for the same scene everywhere.</summary>
public static class SceneRenderer
{
    /// <summary>Width and height in pixels.</summary>
    public const int Size = 64;

    /// <summary>The picture's bytes: rows from the top, pixels from the left, red, green, blue (64·64·3).</summary>
    public static byte[] Render(Scene scene)
    {
        var random = new SeededRandom(scene.Seed);
        var background = Shade(scene.Background, random);
        var foreground = Shade(scene.Foreground, random);
        var coverage = scene.Subject.Digit is { } digit ? Handwriting(digit, random) : Shape(scene.Subject.Name, random);
        var pixels = new byte[Size * Size * 3];
        for (var i = 0; i < Size * Size; i++)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                var value = background[channel] + (foreground[channel] - background[channel]) * coverage[i];
                pixels[3 * i + channel] = (byte)Math.Round(Math.Clamp(value, 0, 255));
            }
        }
        return pixels;
    }

    // Lighter or darker as a whole, and a little towards another hue.
    private static double[] Shade(SceneColor color, SeededRandom random)
    {
        var light = random.Between(-8, 8);
        return [.. new[] { color.Red, color.Green, color.Blue }.Select(value => value + light + random.Between(-6, 6))];
    }

    private static double[] Shape(string name, SeededRandom random)
    {
        var radius = random.Between(17, 22);
        var turn = random.Between(-1, 1) * ShapeOutlines.MaximumTurn(name) / 2 * Math.PI / 180;
        var stretch = random.Between(0.95, 1.05);
        var outlines = ShapeOutlines.Of(name)
            .Select(outline => outline.Select(p => new Point(p.X * radius * stretch, p.Y * radius / stretch).Turned(turn)).ToArray())
            .ToArray();
        var offset = Place(outlines, margin: 3, random);
        return Cover(outlines, offset, 0, (pixel, moved) =>
        {
            var inside = SignedDistance(pixel, moved[0]);
            return moved.Length == 1 ? inside : Math.Max(inside, -SignedDistance(pixel, moved[1]));
        });
    }

    private static double[] Handwriting(int digit, SeededRandom random)
    {
        var height = random.Between(42, 50);
        var width = height * random.Between(0.62, 0.74);
        var pen = random.Between(6.5, 8.5);
        var shear = random.Between(-0.18, 0.06);
        var turn = random.Between(-4, 4) * Math.PI / 180;
        // Two slow waves bend the strokes as an unsteady hand does.
        double bendX = random.Between(-0.03, 0.03), bendY = random.Between(-0.03, 0.03);
        double phaseX = random.Between(0, 2 * Math.PI), phaseY = random.Between(0, 2 * Math.PI);
        Point Written(Point p)
        {
            var x = p.X - 0.5 + bendX * Math.Sin(5 * p.Y + phaseX);
            var y = p.Y - 0.5 + bendY * Math.Sin(5 * p.X + phaseY);
            return new Point((x - shear * y) * width, y * height).Turned(turn);
        }
        var strokes = random.Pick(DigitStrokes.Of(digit)).Select(stroke => stroke.Select(Written).ToArray()).ToArray();
        var offset = Place(strokes, margin: 3 + pen / 2, random);
        return Cover(strokes, offset, pen / 2, (pixel, moved) => moved.Min(stroke => Distance(pixel, stroke)) - pen / 2);
    }

    // In the middle, give or take.
    private static Point Place(Point[][] lines, double margin, SeededRandom random)
    {
        double minX = lines.Min(l => l.Min(p => p.X)), maxX = lines.Max(l => l.Max(p => p.X));
        double minY = lines.Min(l => l.Min(p => p.Y)), maxY = lines.Max(l => l.Max(p => p.Y));
        return new Point(Along(minX, maxX), Along(minY, maxY));

        double Along(double low, double high)
        {
            var room = Math.Max(0, Size - 2 * margin - (high - low));
            return (Size - low - high) / 2 + random.Between(-1, 1) * Math.Min(4, room / 2);
        }
    }

    // Share of each pixel that is covered, from the signed distance at its centre; only around the lines is it asked for.
    private static double[] Cover(Point[][] lines, Point offset, double reach, Func<Point, Point[][], double> distance)
    {
        var moved = lines.Select(l => l.Select(p => new Point(p.X + offset.X, p.Y + offset.Y)).ToArray()).ToArray();
        var coverage = new double[Size * Size];
        var left = Math.Max(0, (int)(moved.Min(l => l.Min(p => p.X)) - reach - 2));
        var right = Math.Min(Size - 1, (int)(moved.Max(l => l.Max(p => p.X)) + reach + 2));
        var top = Math.Max(0, (int)(moved.Min(l => l.Min(p => p.Y)) - reach - 2));
        var bottom = Math.Min(Size - 1, (int)(moved.Max(l => l.Max(p => p.Y)) + reach + 2));
        for (var y = top; y <= bottom; y++)
            for (var x = left; x <= right; x++)
                coverage[y * Size + x] = Math.Clamp(0.5 - distance(new Point(x + 0.5, y + 0.5), moved), 0, 1);
        return coverage;
    }

    private static double Distance(Point pixel, Point[] line)
    {
        var least = double.MaxValue;
        for (var i = 0; i + 1 < line.Length; i++)
            least = Math.Min(least, pixel.DistanceTo(line[i], line[i + 1]));
        return least;
    }

    // Negative inside; even-odd rule.
    private static double SignedDistance(Point pixel, Point[] outline)
    {
        var least = double.MaxValue;
        var inside = false;
        for (var i = 0; i < outline.Length; i++)
        {
            Point a = outline[i], b = outline[(i + 1) % outline.Length];
            least = Math.Min(least, pixel.DistanceTo(a, b));
            if (a.Y > pixel.Y != b.Y > pixel.Y && pixel.X < a.X + (pixel.Y - a.Y) / (b.Y - a.Y) * (b.X - a.X))
                inside = !inside;
        }
        return inside ? -least : least;
    }
}
