using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>schedulers/cases.json with trajectories.safetensors: whole runs of each scheduler with a formula in the network's place.</summary>
internal sealed class SchedulersCheck : IVerificationCheck
{
    private const string Cases = "schedulers/cases.json";
    private const string Trajectories = "schedulers/trajectories.safetensors";
    private static readonly string[] Known = ["name", "scheduler", "config", "steps", "seed", "step_arguments", "timesteps", "sigmas", "init_noise_sigma"];

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(Cases))
        {
            yield break;
        }

        using var trajectories = run.OpenTensors(Trajectories);
        foreach (var group in run.ReadJson(Cases).EnumerateArray().GroupBy(row => row.Field("scheduler").GetString()!))
        {
            foreach (var row in VerificationRun.Guarded($"schedulers: {group.Key}", () => RunGroup(run, trajectories, group.Key, group, cancellationToken)))
            {
                yield return row;
            }
        }
    }

    private static List<VerificationRow> RunGroup(
        VerificationRun run, SafetensorsFile trajectories, string scheduler, IEnumerable<JsonElement> cases, CancellationToken cancellationToken)
    {
        // laid out on the CPU whatever the device, so these bounds do not grow
        var whole = new Comparison(run, $"schedulers: {scheduler}: whole time steps", 0);
        var laid = new Comparison(run, $"schedulers: {scheduler}: fractional time steps, sigmas", 1e-6, alwaysJudged: true);
        var samples = new Comparison(run, $"schedulers: {scheduler}: samples, model inputs", run.Bound(1e-5), alwaysJudged: true);
        var missing = new NotCovered($"schedulers: {scheduler}");
        foreach (var row in cases)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = row.Field("name").GetString()!;
            if (row.Unknown(Known) is { } unknown)
            {
                missing.Add(unknown);
                continue;
            }

            try
            {
                var options = ReadOptions(row.Field("step_arguments"));
                var config = new SchedulerConfig(JsonNode.Parse(row.Field("config").GetRawText())!.AsObject(), $"{Cases} ({name})");
                using var built = SchedulerFactory.Create(scheduler, config);
                built.SetTimesteps(row.Field("steps").GetInt32());
                CompareTimes(row, name, built, whole, laid);
                CompareSamples(run, row, name, built, options, trajectories, samples);
            }
            catch (UnsupportedConfigException unsupported)
            {
                missing.Add(unsupported.NotBuilt);
            }
            catch (NotSupportedException error)
            {
                missing.Add(error.Message.Split(';')[0]);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                samples.Fail(name, LibTorchError.Words(error));
            }
        }

        return [.. whole.Rows(), .. laid.Rows(), .. samples.Rows(), .. missing.Rows()];
    }

    private static void CompareTimes(JsonElement row, string name, IScheduler scheduler, Comparison whole, Comparison laid)
    {
        double[] timesteps = [.. row.Field("timesteps").EnumerateArray().Select(t => t.GetDouble())];
        if (timesteps.All(double.IsInteger))
        {
            whole.Equal(name, scheduler.Timesteps.SequenceEqual(timesteps));
        }
        else
        {
            laid.Relative(name, scheduler.Timesteps, timesteps);
        }

        laid.Relative(name, [scheduler.InitNoiseSigma], [row.Field("init_noise_sigma").GetDouble()]);
        if (row.TryGetProperty("sigmas", out var sigmas))
        {
            laid.Relative(name, SigmasOf(scheduler), sigmas.EnumerateArray().Select(sigma => sigma.GetDouble()));
        }
    }

    private static IEnumerable<double> SigmasOf(IScheduler scheduler) => scheduler is ISigmaScheduler { Sigmas: var sigmas } ? sigmas.Select(sigma => (double)sigma) : [];

    private static void CompareSamples(
        VerificationRun run, JsonElement row, string name, IScheduler scheduler, StepOptions options, SafetensorsFile trajectories, Comparison samples)
    {
        using var scope = NewDisposeScope();
        var (expectedInputs, expectedSamples) = (trajectories.Read($"{name}.model_inputs"), trajectories.Read($"{name}.samples"));
        using var generator = new Generator((ulong)row.Field("seed").GetInt64(), CPU);
        var noise = new NoiseSource(generator);
        var sample = noise.Draw([1, .. expectedSamples.shape[1..]], run.Device) * scheduler.InitNoiseSigma;
        var (inputs, all) = (new List<Tensor>(), new List<Tensor> { sample });
        for (int step = 0; step < scheduler.Timesteps.Count; step++)
        {
            var input = scheduler.ScaleModelInput(sample, step);
            sample = scheduler.Step(StandIn(input, scheduler.Timesteps[step]), step, sample, options, noise);
            inputs.Add(input);
            all.Add(sample);
        }

        samples.Relative(name, cat(inputs, 0), expectedInputs);
        samples.Relative(name, cat(all, 0), expectedSamples);
    }

    /// <summary>The formula in the network's place: 0.6·tanh(x)·cos(t/900) + 0.25·sin(2x + t/150).</summary>
    private static Tensor StandIn(Tensor x, double t) => (x.tanh() * (0.6 * Math.Cos(t / 900))) + (((x * 2) + (t / 150)).sin() * 0.25);

    private static StepOptions ReadOptions(JsonElement arguments)
    {
        var options = StepOptions.Default;
        foreach (var argument in arguments.EnumerateObject())
        {
            double value = argument.Value.ValueKind == JsonValueKind.Number ? argument.Value.GetDouble() : double.NaN;
            options = argument.Name switch
            {
                "eta" => options with { Eta = value },
                "s_churn" => options with { SChurn = value },
                "s_tmin" => options with { STmin = value },
                "s_tmax" => options with { STmax = value },
                "s_noise" => options with { SNoise = value },
                "order" => options with { LmsOrder = (int)value },
                "use_clipped_model_output" => options with { UseClippedModelOutput = argument.Value.GetBoolean() },
                _ => throw new NotSupportedException($"the step argument {argument.Name} is not built"),
            };
        }

        return options;
    }
}
