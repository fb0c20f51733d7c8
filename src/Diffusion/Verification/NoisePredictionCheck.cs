using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>
/// training/noise_prediction.safetensors: one batch for tiny-sd15, and what each way of training makes of it. What a name
/// stands for, rates and weights are part of the file's definition.
/// </summary>
internal sealed class NoisePredictionCheck : IVerificationCheck
{
    private const string Path = "training/noise_prediction.safetensors";
    private const string LoraStart = "training/lora-start.safetensors";
    private const string Model = "models/tiny-sd15";
    private const double MinSnrGamma = 5;
    private const double PriorWeight = 1;
    private const double TextualInversionRate = 5e-3;

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        if (!run.Has(Path))
        {
            yield break;
        }

        using var scope = NewDisposeScope();
        using var file = run.OpenTensors(Path);
        var reference = new Reference(run, file);
        foreach (var name in file.Tensors.Keys.GroupBy(key => key.Split('.')[0]).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = name.Key switch
            {
                "batch" => Batch(reference),
                "min_snr" => MinSnr(reference),
                "epsilon" => Train(reference, name.Key, PredictionType.Epsilon),
                "v_prediction" => Train(reference, name.Key, PredictionType.VPrediction),
                "epsilon_min_snr" => Train(reference, name.Key, PredictionType.Epsilon, MinSnrGamma),
                "v_prediction_min_snr" => Train(reference, name.Key, PredictionType.VPrediction, MinSnrGamma),
                "accumulated" => Train(reference, name.Key, PredictionType.Epsilon, parts: 2),
                "prior_preservation" => PriorPreservation(reference),
                "lora" => Lora(reference),
                "textual_inversion" => TextualInversion(reference),
                _ => [new VerificationRow($"training: {name.Key}", name.Count(), VerificationOutcome.NotCovered, Note: "this way of training is not built")],
            };
            foreach (var row in rows)
            {
                yield return row;
            }
        }
    }

    private static IEnumerable<VerificationRow> Batch(Reference reference)
    {
        using var noGrad = no_grad();
        using var textEncoder = NetworkFolder.LoadTextEncoder(reference.Run.Use($"{Model}/text_encoder"), ScalarType.Float32, reference.Run.Device);
        var (schedule, batch) = (reference.Schedule, reference.Batch);
        var comparison = new Comparison(reference.Run, "training: forward process, prompt dropout", reference.Run.Bound(1e-4), alwaysJudged: true);
        comparison.Relative("noisy", schedule.AddNoise(batch.Latents, batch.Noise, batch.Timesteps), reference.On("batch.noisy"));
        comparison.Relative("velocity", schedule.GetVelocity(batch.Latents, batch.Noise, batch.Timesteps), reference.On("batch.velocity"));
        comparison.Relative("snr", NoisePredictionLoss.SignalToNoise(schedule, batch.Timesteps), reference.On("batch.snr"));
        var ids = PromptDropout.Apply(reference.On("batch.input_ids"), reference.On("batch.empty_ids"), reference.On("batch.dropped"));
        comparison.Relative("condition", textEncoder.call(ids).LastHiddenState, batch.Embeddings);
        return comparison.Rows();
    }

    private static IEnumerable<VerificationRow> MinSnr(Reference reference)
    {
        var comparison = new Comparison(reference.Run, "training: min-SNR weights", reference.Run.Bound(1e-4), alwaysJudged: true);
        Compare("weights_epsilon", PredictionType.Epsilon);
        Compare("weights_v", PredictionType.VPrediction);
        return comparison.Rows();

        void Compare(string name, PredictionType prediction) => comparison.Relative(
            name, NoisePredictionLoss.MinSnrWeights(reference.Schedule, reference.Batch.Timesteps, MinSnrGamma, prediction), reference.On($"min_snr.{name}"));
    }

    private static IEnumerable<VerificationRow> Train(
        Reference reference, string name, PredictionType prediction, double? minSnrGamma = null, int parts = 1)
    {
        using var unet = reference.LoadUNet();
        var loss = new NoisePredictionLoss(unet, reference.Schedule) { PredictionType = prediction, MinSnrGamma = minSnrGamma };
        var training = new TrainingCase(reference.Run, reference.File, name);
        if (reference.File.Tensors.ContainsKey($"{name}.per_image_loss"))
        {
            using var noGrad = no_grad();
            training.Losses.Relative("per_image_loss", loss.PerImage(reference.Batch), reference.On($"{name}.per_image_loss"));
        }

        return training.Train(
            TrainingCheck.Weights(unet), TrainingCase.Options, () => [.. reference.Batch.Chunk(parts).Select(part => new Func<Tensor>(() => loss.Of(part)))]).Rows();
    }

    private static IEnumerable<VerificationRow> PriorPreservation(Reference reference)
    {
        using var unet = reference.LoadUNet();
        var loss = new NoisePredictionLoss(unet, reference.Schedule);
        var halves = reference.Batch.Chunk(2);
        return new TrainingCase(reference.Run, reference.File, "prior_preservation")
            .Train(TrainingCheck.Weights(unet), TrainingCase.Options, () => [() => loss.WithPrior(halves[0], halves[1], PriorWeight)]).Rows();
    }

    private static IEnumerable<VerificationRow> Lora(Reference reference)
    {
        const string Prefix = "unet.", Down = ".lora_A", Up = ".lora_B", Suffix = ".weight";
        using var start = reference.Run.OpenTensors(LoraStart);
        var layers = start.Tensors.Keys
            .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal) && key.EndsWith(Down + Suffix, StringComparison.Ordinal))
            .Select(key => key[Prefix.Length..^(Down + Suffix).Length]).ToHashSet();
        int rank = (int)start.Tensors[$"{Prefix}{layers.First()}{Down}{Suffix}"].Shape[0];

        using var unet = reference.LoadUNet();
        using var pairs = new LoraPairs(unet, layers.Contains, rank, alpha: rank);
        var parameters = pairs.ByLayer
            .SelectMany(pair => new[] { (Name: pair.Key + Down, Parameter: pair.Value.Down), (Name: pair.Key + Up, Parameter: pair.Value.Up) })
            .ToDictionary(pair => pair.Name, pair => pair.Parameter);
        using (no_grad())
        {
            foreach (var (name, parameter) in parameters)
            {
                parameter.copy_(start.Read(Prefix + name + Suffix, device: reference.Run.Device));
            }
        }

        var loss = new NoisePredictionLoss(unet, reference.Schedule);
        var training = new TrainingCase(reference.Run, reference.File, "lora").Train(parameters, TrainingCase.Options, () => [() => loss.Of(reference.Batch)]);
        foreach (var (part, suffix) in new[] { ("lora.initial_A.", Down), ("lora.initial_B.", Up) })
        {
            foreach (string key in reference.File.Tensors.Keys.Where(key => key.StartsWith(part, StringComparison.Ordinal)))
            {
                string name = key[part.Length..] + suffix;
                training.Weights(key, start.Read(Prefix + name + Suffix, device: reference.Run.Device), parameters[name], reference.On(key));
            }
        }

        return training.Rows();
    }

    private static IEnumerable<VerificationRow> TextualInversion(Reference reference)
    {
        using var unet = reference.LoadUNet();
        using var textEncoder = NetworkFolder.LoadTextEncoder(reference.Run.Use($"{Model}/text_encoder"), ScalarType.Float32, reference.Run.Device);
        using var trainer = new TextualInversionTrainer(
            textEncoder, new NoisePredictionLoss(unet, reference.Schedule), reference.On("textual_inversion.initial").unsqueeze(0));
        var ids = reference.On("textual_inversion.input_ids");
        var (latents, noise, timesteps) = (First(reference.Batch.Latents), First(reference.Batch.Noise), First(reference.Batch.Timesteps));
        var training = new TrainingCase(reference.Run, reference.File, "textual_inversion");
        training.Gradient(ShardGradients.Mean([Loss], [trainer.Vectors]).Gradients[0][0], reference.On("textual_inversion.grad"));
        var rows = reference.On("textual_inversion.rows"); // (steps, hidden_size)
        return training.Train(
            new Dictionary<string, Parameter> { ["row"] = trainer.Vectors },
            TrainingCase.Options with { LearningRate = TextualInversionRate, MaxGradNorm = double.PositiveInfinity },
            () => [Loss],
            step => training.Weights($"rows.{step}", trainer.Vectors[0], rows[step])).Rows();

        Tensor First(Tensor ofBatch) => ofBatch.narrow(0, 0, ids.shape[0]);

        Tensor Loss() => trainer.Loss(latents, noise, timesteps, ids);
    }

    /// <summary>What all ways of training share.</summary>
    private sealed class Reference
    {
        public Reference(VerificationRun run, SafetensorsFile file)
        {
            (Run, File) = (run, file);
            string scheduler = System.IO.Path.Combine(run.Use($"{Model}/scheduler"), "scheduler_config.json");
            Schedule = NoiseSchedule.Read(new SchedulerConfig(ConfigFile.ReadObject(scheduler), scheduler));
            Batch = new NoisePredictionBatch(On("batch.latents"), On("batch.noise"), On("batch.timesteps"), On("batch.condition"));
        }

        public VerificationRun Run { get; }

        public SafetensorsFile File { get; }

        public NoiseSchedule Schedule { get; }

        public NoisePredictionBatch Batch { get; }

        public Tensor On(string name) => File.Read(name, device: Run.Device);

        public UNet2DConditionModel LoadUNet() => NetworkFolder.LoadUNet(Run.Use($"{Model}/unet"), ScalarType.Float32, Run.Device);
    }
}
