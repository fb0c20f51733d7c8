using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>noise.safetensors: what a seeded CPU generator draws. <c>randn.seed42.4x8x8</c> is a first draw of that shape behind a
/// leading 1; <c>stream.seed42.draw0</c> … are draws in a row; <c>rand</c>, <c>randint</c>, <c>randperm</c> come in that order from
/// another generator of the seed.</summary>
internal sealed partial class NoiseCheck : IVerificationCheck
{
    private const string File = "noise.safetensors";

    private static readonly string[] Others = ["rand", "randint", "randperm"];

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(File))
        {
            return [];
        }

        using var scope = NewDisposeScope();
        using var file = run.OpenTensors(File);
        double bound = 1e-6; // equal, but for the last bit where a build sums in wider vectors; always on the CPU
        var first = new Comparison(run, "noise: randn by seed and shape", bound, alwaysJudged: true);
        var stream = new Comparison(run, "noise: draws in a row", bound, alwaysJudged: true);
        var others = new Comparison(run, "noise: rand, randint, randperm in a row", bound, alwaysJudged: true);
        var unknown = new NotCovered("noise");
        var streams = new SortedDictionary<long, SortedDictionary<int, string>>();
        var mixed = new SortedSet<long>();
        foreach (string name in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (FirstDraw().Match(name) is { Success: true } draw)
            {
                using var generator = new Generator((ulong)Seed(draw), CPU);
                first.Absolute(name, randn([.. file.Tensors[name].Shape], generator: generator), file.Read(name));
            }
            else if (StreamDraw().Match(name) is { Success: true } next)
            {
                if (!streams.TryGetValue(Seed(next), out var draws))
                {
                    streams[Seed(next)] = draws = [];
                }

                draws[int.Parse(next.Groups["n"].ValueSpan, CultureInfo.InvariantCulture)] = name;
            }
            else if (OtherDraw().Match(name) is { Success: true } other)
            {
                mixed.Add(Seed(other));
            }
            else
            {
                unknown.Add($"{name} names no draw that is known");
            }
        }

        foreach (var (seed, draws) in streams)
        {
            using var generator = new Generator((ulong)seed, CPU);
            foreach (string name in draws.Values)
            {
                stream.Absolute(name, randn([.. file.Tensors[name].Shape], generator: generator), file.Read(name));
            }
        }

        foreach (long seed in mixed)
        {
            CompareOthers(file, seed, others, unknown);
        }

        return [.. first.Rows(), .. stream.Rows(), .. others.Rows(), .. unknown.Rows()];
    }

    private static void CompareOthers(SafetensorsFile file, long seed, Comparison others, NotCovered unknown)
    {
        string prefix = $"stream.seed{seed}.";
        if (!Others.All(kind => file.Tensors.ContainsKey(prefix + kind)))
        {
            unknown.Add($"{prefix}* has not all of rand, randint, randperm");
            return;
        }

        Tensor uniform = file.Read(prefix + "rand"), whole = file.Read(prefix + "randint"), order = file.Read(prefix + "randperm");
        using var generator = new Generator((ulong)seed, CPU);
        others.Absolute(prefix + "rand", rand(uniform.shape, generator: generator), uniform);
        if (High(seed, uniform, whole) is { } high)
        {
            others.Absolute(prefix + "randint", randint(high, whole.shape, dtype: ScalarType.Int64, generator: generator), whole);
            others.Absolute(prefix + "randperm", randperm(order.shape[0], dtype: ScalarType.Int64, generator: generator), order);
        }
        else
        {
            others.Fail(prefix + "randint", "no upper end explains the numbers");
        }
    }

    /// <summary>The file does not say below what its whole numbers were drawn. They are raw 32-bit draws modulo that end, so the end
    /// divides every raw draw minus its number.</summary>
    private static long? High(long seed, Tensor uniform, Tensor whole)
    {
        // From an end of 2²⁸ on, newer libtorchs take 64 bits for a draw. Below it a raw draw has two remainders that tell which it
        // was: 2²⁷ leaves 32 candidates, no two of them alike modulo the prime 37.
        long[] low = Below(1L << 27), rest = Below(37);
        var raw = low.Zip(rest, (draw, remainder) => Enumerable.Range(0, 32).Select(high => draw + ((long)high << 27)).First(whole => whole % 37 == remainder));
        long[] numbers = whole.data<long>().ToArray();
        var end = raw.Zip(numbers, (draw, number) => new BigInteger(draw - number)).Aggregate(BigInteger.Zero, BigInteger.GreatestCommonDivisor);
        return end > numbers.Max() ? (long)end : null;

        long[] Below(long end)
        {
            using var generator = new Generator((ulong)seed, CPU);
            rand(uniform.shape, generator: generator);
            return randint(end, whole.shape, dtype: ScalarType.Int64, generator: generator).data<long>().ToArray();
        }
    }

    private static long Seed(Match match) => long.Parse(match.Groups["seed"].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^randn\.seed(?<seed>\d+)\.[\dx]+$")]
    private static partial Regex FirstDraw();

    [GeneratedRegex(@"^stream\.seed(?<seed>\d+)\.draw(?<n>\d+)$")]
    private static partial Regex StreamDraw();

    [GeneratedRegex(@"^stream\.seed(?<seed>\d+)\.(rand|randint|randperm)$")]
    private static partial Regex OtherDraw();
}
