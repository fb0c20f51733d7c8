using System.Globalization;
using System.Text.Json;
using StableDiffusion.Diffusion.Training;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>training/schedules.json: the average's decay and the learning rate's factor, step by step.</summary>
internal sealed class TrainingSchedulesCheck : IVerificationCheck
{
    private const string File = "training/schedules.json";
    private const double Bound = 1e-9;

    private static readonly Dictionary<string, LearningRateSchedule> Schedules = new(StringComparer.Ordinal)
    {
        ["constant"] = LearningRateSchedule.Constant,
        ["constant_with_warmup"] = LearningRateSchedule.ConstantWithWarmup,
        ["linear"] = LearningRateSchedule.Linear,
        ["cosine"] = LearningRateSchedule.Cosine,
    };

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(File))
        {
            return [];
        }

        var decays = new Comparison(run, "training: decay of averaged weights", Bound, alwaysJudged: true);
        var factors = new Comparison(run, "training: learning rate", Bound, alwaysJudged: true);
        var missing = new NotCovered("training: learning rate");
        var json = run.ReadJson(File);
        if (json.Unknown("ema_decay", "lr") is { } unknown)
        {
            missing.Add(unknown);
        }

        foreach (var ema in json.Field("ema_decay").EnumerateObject())
        {
            var options = ema.Value.Field("arguments").Deserialize<EmaOptions>(Json)!;
            var steps = ema.Value.Field("decay_at_step").EnumerateObject().ToArray();
            decays.Relative(
                ema.Name, steps.Select(step => options.DecayAt(int.Parse(step.Name, CultureInfo.InvariantCulture))), steps.Select(step => step.Value.GetDouble()));
        }

        foreach (var lr in json.Field("lr").EnumerateObject())
        {
            if (!Schedules.TryGetValue(lr.Name, out var schedule))
            {
                missing.Add($"a schedule named {lr.Name} is not built");
                continue;
            }

            var arguments = lr.Value.Field("arguments");
            double[] expected = [.. lr.Value.Field("factor_at_step").EnumerateArray().Select(factor => factor.GetDouble())];
            int warmup = Whole("num_warmup_steps"), steps = Whole("num_training_steps");
            factors.Relative(lr.Name, expected.Select((_, step) => LearningRate.Factor(schedule, step, warmup, steps)), expected);

            int Whole(string name) => arguments.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
        }

        return [.. decays.Rows(), .. factors.Rows(), .. missing.Rows()];
    }
}
