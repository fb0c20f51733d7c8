using System.Globalization;
using System.Text;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>All rows of a verification.</summary>
public sealed record VerificationReport(IReadOnlyList<VerificationRow> Rows)
{
    /// <summary>Whether something was compared and nothing failed. What is not covered does not count for or against it.</summary>
    public bool Succeeded => Rows.Any(row => row.Outcome is VerificationOutcome.Passed or VerificationOutcome.Reported)
        && Rows.All(row => row.Outcome != VerificationOutcome.Failed);

    /// <summary>How many cases ended in an outcome.</summary>
    public int Count(VerificationOutcome outcome) => Rows.Where(row => row.Outcome == outcome).Sum(row => row.Cases);

    /// <summary>A plain-text table for people, a line for every row and one for the sum.</summary>
    public string ToTable()
    {
        string[][] lines =
        [
            ["compared", "cases", "worst", "bound", "", "note"],
            .. Rows.Select(row => new[]
            {
                row.Compared,
                row.Cases.ToString(CultureInfo.InvariantCulture),
                Difference(row.Worst),
                row.Bound == 0 ? "exact" : Difference(row.Bound),
                row.Outcome switch
                {
                    VerificationOutcome.Passed => "passed",
                    VerificationOutcome.Failed => "FAILED",
                    VerificationOutcome.NotCovered => "not covered",
                    _ => "reported",
                },
                row.Note ?? "",
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length))];
        var table = new StringBuilder();
        foreach (string[] line in lines)
        {
            var cells = line.Select((cell, column) => column is >= 1 and <= 3 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            table.AppendLine(string.Join("  ", cells).TrimEnd());
        }

        table.Append(CultureInfo.InvariantCulture, $"{Count(VerificationOutcome.Passed)} passed, {Count(VerificationOutcome.Failed)} failed, ");
        table.Append(CultureInfo.InvariantCulture, $"{Count(VerificationOutcome.NotCovered)} not covered");
        int reported = Count(VerificationOutcome.Reported);
        table.AppendLine(reported > 0 ? $", {reported} reported (half precision has no bound)" : "");
        return table.ToString();
    }

    private static string Difference(double? value) => value switch
    {
        null => "",
        0 or >= 1 and < 1000 => value.Value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.0e+0", CultureInfo.InvariantCulture),
    };
}
