namespace StableDiffusion.Diffusion.Tests.Memory;

/// <summary>Tests that read the process's peak: nothing may run beside them that would move or reset it.</summary>
[CollectionDefinition(nameof(ProcessPeak), DisableParallelization = true)]
public sealed class ProcessPeak;
