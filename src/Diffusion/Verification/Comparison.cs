using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>Gathers the cases of one row: the worst difference and whose it was, and what failed to run.</summary>
/// <param name="run">Says whether the bound is judged.</param>
/// <param name="compared">The row's name.</param>
/// <param name="bound">As it holds in this run; 0 asks for equality.</param>
/// <param name="alwaysJudged">Computed in single precision whatever the networks' type is.</param>
internal sealed class Comparison(VerificationRun run, string compared, double bound, bool alwaysJudged = false)
{
    private readonly HashSet<string> cases = new(StringComparer.Ordinal);
    private double worst;
    private string? worstCase;
    private string? failure;

    /// <summary>What a reader should know of how it was compared.</summary>
    public string? Remark { get; set; }

    /// <summary>Largest absolute difference over the largest absolute reference value.</summary>
    public void Relative(string name, Tensor actual, Tensor expected) => Measure(name, actual, expected, relative: true);

    /// <summary>Largest absolute difference.</summary>
    public void Absolute(string name, Tensor actual, Tensor expected) => Measure(name, actual, expected, relative: false);

    /// <summary>The same for plain numbers.</summary>
    public void Relative(string name, IEnumerable<double> actual, IEnumerable<double> expected)
    {
        double[] ours = [.. actual], theirs = [.. expected];
        if (ours.Length != theirs.Length)
        {
            Fail(name, $"{ours.Length} numbers, not {theirs.Length}");
            return;
        }

        double largest = theirs.Select(Math.Abs).DefaultIfEmpty().Max();
        double off = ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Select(difference => double.IsNaN(difference) ? double.PositiveInfinity : difference).DefaultIfEmpty().Max();
        Note(name, largest > 0 ? off / largest : off);
    }

    /// <summary>A difference that the caller has measured.</summary>
    public void Note(string name, double difference)
    {
        cases.Add(name);
        if (worstCase is null || !(difference <= worst)) // a NaN is the worst there is
        {
            (worst, worstCase) = (double.IsNaN(difference) ? double.PositiveInfinity : difference, name);
        }
    }

    /// <summary>Equality: no difference or an infinite one.</summary>
    public void Equal(string name, bool equal) => Note(name, equal ? 0 : double.PositiveInfinity);

    /// <summary>A case that could not be compared.</summary>
    public void Fail(string name, string reason)
    {
        cases.Add(name);
        failure ??= $"{name}: {reason}";
    }

    /// <summary>The row, or none where there was no case.</summary>
    public IEnumerable<VerificationRow> Rows()
    {
        if (cases.Count == 0)
        {
            yield break;
        }

        bool within = failure is null && worst <= bound;
        var outcome = failure is not null ? VerificationOutcome.Failed
            : !run.Judged && !alwaysJudged && bound > 0 ? VerificationOutcome.Reported
            : within ? VerificationOutcome.Passed : VerificationOutcome.Failed;
        string note = string.Join("; ", new[] { failure ?? (worst > 0 ? $"worst: {worstCase}" : null), Remark }.Where(part => part is not null));
        yield return new VerificationRow(compared, cases.Count, outcome, worstCase is null ? null : worst, bound, note.Length > 0 ? note : null);
    }

    private void Measure(string name, Tensor actual, Tensor expected, bool relative)
    {
        if (!actual.shape.SequenceEqual(expected.shape))
        {
            Fail(name, $"shape [{string.Join(", ", actual.shape)}], not [{string.Join(", ", expected.shape)}]");
            return;
        }

        using var scope = NewDisposeScope();
        var (ours, theirs) = (actual.detach().cpu().to(ScalarType.Float64), expected.cpu().to(ScalarType.Float64));
        if (theirs.numel() == 0)
        {
            Note(name, 0);
            return;
        }

        double off = (ours - theirs).abs().max().item<double>(), largest = theirs.abs().max().item<double>();
        Note(name, relative && largest > 0 ? off / largest : off);
    }
}
