namespace StableDiffusion.Diffusion.Verification;

/// <summary>Compares one kind of file in a folder of reference numbers with what this build computes.</summary>
internal interface IVerificationCheck
{
    /// <summary>The rows for what the folder holds of this kind; none where it holds nothing of it. What a file lacks or asks for
    /// and is not built becomes a row; only cancellation is thrown.</summary>
    IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken);
}
