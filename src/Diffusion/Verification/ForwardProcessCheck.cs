using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>schedulers/forward_process.safetensors: β, ᾱ, noisy samples and velocities of four noise schedules, whose ends are
/// part of the file's definition.</summary>
internal sealed class ForwardProcessCheck : IVerificationCheck
{
    private const string File = "schedulers/forward_process.safetensors";

    private static readonly Dictionary<string, Func<int, NoiseSchedule>> Schedules = new(StringComparer.Ordinal)
    {
        ["linear"] = steps => NoiseSchedule.Linear(1e-4, 0.02, steps),
        ["scaled_linear"] = steps => NoiseSchedule.ScaledLinear(0.00085, 0.012, steps),
        ["cosine"] = NoiseSchedule.Cosine,
        ["zero_snr"] = steps => NoiseSchedule.ScaledLinear(0.00085, 0.012, steps).WithZeroTerminalSnr(),
    };

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(File))
        {
            return [];
        }

        using var scope = NewDisposeScope();
        using var file = run.OpenTensors(File);
        Tensor On(string name) => file.Read(name, device: run.Device);
        var comparison = new Comparison(run, "schedulers: forward process", run.Bound(1e-6), alwaysJudged: true);
        // these β are quotients of ᾱ that go to zero; that PyTorch's square root may be off by its last bit moves them by 3e-6
        var quotients = new Comparison(run, "schedulers: forward process: zero_snr.betas", run.Bound(1e-5), alwaysJudged: true);
        var unknown = new NotCovered("schedulers: forward process");
        foreach (string name in file.Tensors.Keys.Where(name => name.Contains('.', StringComparison.Ordinal)).Select(name => name.Split('.')[0]).Distinct().Order(StringComparer.Ordinal))
        {
            if (!Schedules.TryGetValue(name, out var create))
            {
                unknown.Add($"a noise schedule named {name} is not known");
                continue;
            }

            var schedule = create((int)file.Tensors[$"{name}.betas"].Shape[0]);
            (name == "zero_snr" ? quotients : comparison).Relative($"{name}.betas", tensor(schedule.Betas.ToArray()), file.Read($"{name}.betas"));
            comparison.Relative($"{name}.alphas_cumprod", tensor(schedule.AlphasCumprod.ToArray()), file.Read($"{name}.alphas_cumprod"));
            Tensor original = On("x0"), noise = On("noise"), timesteps = On("timesteps");
            comparison.Relative($"{name}.add_noise", schedule.AddNoise(original, noise, timesteps), On($"{name}.add_noise"));
            comparison.Relative($"{name}.velocity", schedule.GetVelocity(original, noise, timesteps), On($"{name}.velocity"));
        }

        return [.. comparison.Rows(), .. quotients.Rows(), .. unknown.Rows()];
    }
}
