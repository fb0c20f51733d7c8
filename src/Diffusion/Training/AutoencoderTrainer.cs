using StableDiffusion.Diffusion.Networks.Vae;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Trains a variational autoencoder (Kingma and Welling 2014): reconstruction, and the KL divergence of its latents from a
/// standard normal distribution, with z = μ + σ⊙ε so that gradients pass the draw.
/// </summary>
public sealed class AutoencoderTrainer(AutoencoderKL vae, OptimizationOptions options)
{
    /// <summary>Weight of the KL divergence, summed over a picture's latents, beside the mean squared error.</summary>
    public double KlWeight { get; init; } = 1e-4;

    /// <summary>Weight of the mean absolute error, which keeps edges sharp.</summary>
    public double AbsoluteErrorWeight { get; init; }

    /// <summary>Trains on pictures.</summary>
    /// <param name="pictures">A step's pictures, (B, 3, H, W) in −1 … 1.</param>
    /// <param name="seed">Of the draws of ε.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    public void Run(Func<int, Tensor> pictures, ulong seed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using var generator = new Generator(seed);
        using var optimization = new Optimization(vae.parameters(), options);
        optimization.Run("vae", Losses, progress, null, cancellationToken);

        IReadOnlyList<Func<Tensor>> Losses(int step)
        {
            var batch = pictures(step);
            var factor = vae.ScaleFactor;
            var epsilon = randn([batch.shape[0], vae.Config.LatentChannels, batch.shape[2] / factor, batch.shape[3] / factor],
                dtype: ScalarType.Float32, generator: generator);
            return options.Shard([batch, epsilon], shard => Loss(shard[0], shard[1]));
        }
    }

    /// <summary>The loss of a batch for a given ε, of the latents' shape (B, C, h, w).</summary>
    public Tensor Loss(Tensor pictures, Tensor epsilon)
    {
        var posterior = vae.Encode(pictures);
        var reconstruction = vae.Decode(posterior.Sample(epsilon));
        var loss = mse_loss(reconstruction, pictures) + KlWeight * posterior.Kl().mean();
        return AbsoluteErrorWeight == 0 ? loss : loss + AbsoluteErrorWeight * (reconstruction - pictures).abs().mean();
    }

    /// <summary>
    /// 1/σ of drawn latents: what they are multiplied with so that the diffusion model sees unit variance.
    /// </summary>
    /// <param name="mean">Of the posteriors of some pictures, (B, C, h, w).</param>
    /// <param name="logvar">Of the same, (B, C, h, w).</param>
    public static double EstimateScalingFactor(Tensor mean, Tensor logvar)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        return 1 / Math.Sqrt((mean.var() + logvar.exp().mean()).item<float>());
    }
}
