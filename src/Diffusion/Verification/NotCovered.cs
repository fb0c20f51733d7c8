namespace StableDiffusion.Diffusion.Verification;

/// <summary>Gathers the cases that need what is not built, by reason.</summary>
internal sealed class NotCovered(string compared)
{
    private readonly SortedDictionary<string, int> reasons = new(StringComparer.Ordinal);

    public void Add(string reason, int cases = 1) => reasons[reason] = reasons.GetValueOrDefault(reason) + cases;

    public IEnumerable<VerificationRow> Rows() =>
        reasons.Select(reason => new VerificationRow(compared, reason.Value, VerificationOutcome.NotCovered, Note: reason.Key));
}
