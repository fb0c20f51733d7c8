using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>training/vae.safetensors and training/clip.safetensors: a VAE's and a CLIP's losses, gradients and first step.</summary>
internal sealed class TrainingCheck : IVerificationCheck
{
    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        foreach (var (path, compare) in new (string, Func<VerificationRun, SafetensorsFile, IEnumerable<VerificationRow>>)[]
        {
            ("training/vae.safetensors", Vae), ("training/clip.safetensors", Clip),
        })
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!run.Has(path))
            {
                continue;
            }

            using var scope = NewDisposeScope();
            using var file = run.OpenTensors(path);
            foreach (var row in VerificationRun.Guarded(path, () => compare(run, file)))
            {
                yield return row;
            }
        }
    }

    /// <summary>A network's weights by name.</summary>
    public static Dictionary<string, Parameter> Weights(nn.Module network) =>
        network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);

    private static IEnumerable<VerificationRow> Vae(VerificationRun run, SafetensorsFile file)
    {
        using var vae = NetworkFolder.LoadVae(run.Use("models/tiny-sd15/vae"), ScalarType.Float32, run.Device);
        var trainer = new AutoencoderTrainer(vae, TrainingCase.Options) { KlWeight = On("kl_weight").item<float>() };
        var training = new TrainingCase(run, file, "vae");
        using (no_grad())
        {
            var posterior = vae.Encode(On("image"));
            var z = posterior.Sample(On("epsilon"));
            var decoded = vae.Decode(z);
            training.Losses.Relative("z", z, On("z"));
            training.Losses.Relative("decoded", decoded, On("decoded"));
            training.Losses.Relative("reconstruction", nn.functional.mse_loss(decoded, On("image")), On("reconstruction"));
            training.Losses.Relative("kl", posterior.Kl().mean(), On("kl"));
        }

        return training.Train(Weights(vae), TrainingCase.Options, () => [() => trainer.Loss(On("image"), On("epsilon"))]).Rows();

        Tensor On(string name) => file.Read(name, device: run.Device);
    }

    private static IEnumerable<VerificationRow> Clip(VerificationRun run, SafetensorsFile file)
    {
        using var clip = NetworkFolder.LoadClip(run.Use("models/tiny-clip"), ScalarType.Float32, run.Device);
        var training = new TrainingCase(run, file, "clip");
        using (no_grad())
        {
            var output = clip.call(On("input_ids"), On("pixel_values"));
            training.Losses.Relative("text_embeds", output.TextEmbeds, On("text_embeds"));
            training.Losses.Relative("image_embeds", output.ImageEmbeds, On("image_embeds"));
            training.Losses.Relative("logits_per_image", output.LogitsPerImage, On("logits_per_image"));
            training.Losses.Relative("loss", ContrastiveLoss.Of(output.LogitsPerImage), On("loss"));
        }

        var weights = Weights(clip);
        Tensor scale = weights["logit_scale"].detach().clone();
        training.Train(weights, TrainingCase.Options, () => [() => ContrastiveLoss.Of(clip.call(On("input_ids"), On("pixel_values")).LogitsPerImage)]);
        training.Weights("logit_scale", scale, weights["logit_scale"], On("logit_scale"));
        return training.Rows();

        Tensor On(string name) => file.Read(name, device: run.Device);
    }
}
