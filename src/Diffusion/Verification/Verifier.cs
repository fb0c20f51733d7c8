using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>Runs a folder of reference numbers, made by diffusers and transformers, against this build: is it numerically right on
/// this machine? The folder says everything; no size, seed, name or count of it is known here.</summary>
public static class Verifier
{
    private static readonly IVerificationCheck[] Checks =
    [
        new TokenizerCheck(),
        new NoiseCheck(),
        new ForwardProcessCheck(),
        new SchedulersCheck(),
        new ModelsCheck(),
        new PublishedKeysCheck(),
        new LdmKeysCheck(),
        new SingleFilesCheck(),
        new NetworksCheck(),
        new PromptsCheck(),
        new PipelinesCheck(),
        new NoisePredictionCheck(),
        new TrainingCheck(),
        new TrainingSchedulesCheck(),
    ];

    /// <summary>Compares all that the folder holds. Blocks for as long as the networks take.</summary>
    /// <param name="folder">Laid out like tests/goldens.</param>
    /// <param name="device">Where networks and schedulers run; noise is drawn on the CPU everywhere.</param>
    /// <param name="dtype">The networks' precision. Bounds are for single precision; halves are reported, not judged.</param>
    /// <param name="onRow">Told of each row as it is known.</param>
    /// <param name="cancellationToken">Ends the run between cases.</param>
    /// <returns>All rows. A folder that is missing or holds nothing to compare is a failed row.</returns>
    public static VerificationReport Run(
        string folder, Device? device = null, ScalarType dtype = ScalarType.Float32, Action<VerificationRow>? onRow = null, CancellationToken cancellationToken = default)
    {
        // the bounds are for sums in single precision; these two are switches of the process
        bool matmulTf32 = backends.cuda.matmul.allow_tf32, cudnnTf32 = backends.cudnn.allow_tf32;
        (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (false, false);
        try
        {
            return RunAll(folder, device ?? CPU, dtype, onRow, cancellationToken);
        }
        finally
        {
            (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (matmulTf32, cudnnTf32);
        }
    }

    private static VerificationReport RunAll(
        string folder, Device device, ScalarType dtype, Action<VerificationRow>? onRow, CancellationToken cancellationToken)
    {
        var rows = new List<VerificationRow>();
        foreach (var row in Rows(folder, device, dtype, cancellationToken))
        {
            rows.Add(row);
            onRow?.Invoke(row);
        }

        return new VerificationReport(rows);
    }

    private static IEnumerable<VerificationRow> Rows(string folder, Device device, ScalarType dtype, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            yield return new VerificationRow(folder, 1, VerificationOutcome.Failed, Note: "the folder does not exist");
            yield break;
        }

        var run = new VerificationRun(folder, device, dtype);
        bool compared = false;
        foreach (var row in Checks.SelectMany(check => VerificationRun.Guarded(check.GetType().Name, () => check.Run(run, cancellationToken))).Concat(run.Untouched()))
        {
            compared |= row.Outcome != VerificationOutcome.NotCovered;
            yield return row;
        }

        if (!compared)
        {
            yield return new VerificationRow(folder, 1, VerificationOutcome.Failed, Note: "the folder holds nothing that can be compared");
        }
    }
}
