using System.Globalization;
using System.Text;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>Unicode normalisation form C (UAX 15). Our own, because .NET does not normalise in invariant-globalization mode,
/// the mode in which a machine without ICU runs, and a prompt's tokens must not depend on that.</summary>
internal static class Nfc
{
    private const int HangulS = 0xAC00, HangulL = 0x1100, HangulV = 0x1161, HangulT = 0x11A7;
    private const int HangulVCount = 21, HangulTCount = 28, HangulNCount = HangulVCount * HangulTCount, HangulSCount = 11172;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    public static string Normalize(string text)
    {
        if (text.All(c => c < '\u0300'))
        {
            return text; // the first combining mark; everything before it is composed already
        }

        var points = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        Order(points);
        Compose(points);
        var result = new StringBuilder(text.Length);
        foreach (int point in points)
        {
            result.Append(char.ConvertFromUtf32(point));
        }

        return result.ToString();
    }

    private static void Decompose(int point, List<int> into)
    {
        int hangul = point - HangulS;
        if (hangul is >= 0 and < HangulSCount)
        {
            into.Add(HangulL + (hangul / HangulNCount));
            into.Add(HangulV + (hangul % HangulNCount / HangulTCount));
            if (hangul % HangulTCount != 0)
            {
                into.Add(HangulT + (hangul % HangulTCount));
            }
        }
        else if (Data.Value.Decompositions.TryGetValue(point, out var parts))
        {
            foreach (int part in parts)
            {
                Decompose(part, into);
            }
        }
        else
        {
            into.Add(point);
        }
    }

    /// <summary>Sorts each run of combining marks by class, keeping equals as they are (the canonical order).</summary>
    private static void Order(List<int> points)
    {
        for (int start = 0; start < points.Count; start++)
        {
            int end = start;
            while (end < points.Count && Class(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                int[] sorted = [.. points.GetRange(start, end - start).OrderBy(Class)]; // OrderBy is stable
                for (int i = 0; i < sorted.Length; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = end;
        }
    }

    private static void Compose(List<int> points)
    {
        int starter = -1, lastClass = -1, kept = 0;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i], cls = Class(point);
            bool blocked = lastClass >= cls;
            if (starter >= 0 && !blocked && Pair(points[starter], point) is int composed)
            {
                points[starter] = composed;
                continue;
            }

            if (cls == 0)
            {
                (starter, lastClass) = (kept, -1);
            }
            else
            {
                lastClass = cls;
            }

            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        int l = first - HangulL, v = second - HangulV, s = first - HangulS, t = second - HangulT;
        if (l is >= 0 and < 19 && v is >= 0 and < HangulVCount)
        {
            return HangulS + (((l * HangulVCount) + v) * HangulTCount);
        }

        if (s is >= 0 and < HangulSCount && s % HangulTCount == 0 && t is > 0 and < HangulTCount)
        {
            return first + t;
        }

        return Data.Value.Compositions.TryGetValue((first, second), out int composed) ? composed : null;
    }

    private static int Class(int point) => point < 0x300 ? 0 : Data.Value.Classes.GetValueOrDefault(point);

    private sealed record Tables(Dictionary<int, int[]> Decompositions, Dictionary<(int, int), int> Compositions, Dictionary<int, byte> Classes)
    {
        public static Tables Load()
        {
            var tables = new Tables([], [], []);
            using var stream = typeof(Nfc).Assembly.GetManifestResourceStream("unicode-nfc.txt")!;
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                if (!line.StartsWith('#'))
                {
                    tables.Add(line.Split(' '));
                }
            }

            return tables;
        }

        private void Add(string[] fields)
        {
            if (fields[0].StartsWith('='))
            {
                int[] range = [.. fields[1].Split("..").Select(Hex)];
                for (int point = range[0]; point <= range[1]; point++)
                {
                    Classes[point] = byte.Parse(fields[0].AsSpan(1), CultureInfo.InvariantCulture);
                }

                return;
            }

            bool composes = fields[^1] != "!";
            int[] parts = [.. fields[1..(composes ? fields.Length : fields.Length - 1)].Select(Hex)];
            Decompositions[Hex(fields[0])] = parts;
            if (composes)
            {
                Compositions[(parts[0], parts[1])] = Hex(fields[0]);
            }
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
