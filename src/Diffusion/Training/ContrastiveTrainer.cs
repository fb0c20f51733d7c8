using StableDiffusion.Diffusion.Networks.Clip;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Trains a text encoder and a picture encoder together, so that a caption's embedding is nearest to its own picture's
/// among the batch (CLIP, Radford et al. 2021).
/// </summary>
public sealed class ContrastiveTrainer : IDisposable
{
    private readonly CLIPTextModel textEncoder;
    private readonly nn.Module<Tensor, Tensor> pictureEncoder;
    private readonly OptimizationOptions options;
    private readonly Linear textProjection;
    private readonly Parameter logitScale;

    /// <summary>Takes both encoders, which stay the caller's.</summary>
    /// <param name="textEncoder">Its pooled output is projected to projection_dim.</param>
    /// <param name="pictureEncoder">From (B, 3, H, W) to (B, projection_dim).</param>
    /// <param name="options">Of both encoders' optimization.</param>
    public ContrastiveTrainer(CLIPTextModel textEncoder, nn.Module<Tensor, Tensor> pictureEncoder, OptimizationOptions options)
    {
        (this.textEncoder, this.pictureEncoder, this.options) = (textEncoder, pictureEncoder, options);
        textProjection = nn.Linear(textEncoder.Config.HiddenSize, textEncoder.Config.ProjectionDim, hasBias: false);
        logitScale = new Parameter(tensor(new[] { (float)Math.Log(1 / 0.07) }));
        logitScale.DetachFromDisposeScope();
    }

    /// <summary>Trains on pictures with their captions.</summary>
    /// <param name="batches">A step's pictures, (B, 3, H, W) in −1 … 1, and captions' tokens, (B, T).</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    public void Run(Func<int, (Tensor Pictures, Tensor Tokens)> batches, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var parameters = textEncoder.parameters().Concat(pictureEncoder.parameters()).Concat(textProjection.parameters()).Append(logitScale);
        using var optimization = new Optimization(parameters, options);
        // A pair is compared with all others of the batch, so the batch stays whole.
        optimization.Run("text encoder", step => { var batch = batches(step); return [() => Loss(batch)]; }, progress, null, cancellationToken);
    }

    /// <summary>Cross-entropy of finding each caption's picture and each picture's caption, averaged.</summary>
    public Tensor Loss((Tensor Pictures, Tensor Tokens) batch)
    {
        var texts = normalize(textProjection.call(textEncoder.call(batch.Tokens).PoolerOutput), dim: 1); // (B, projection_dim)
        var pictures = normalize(pictureEncoder.call(batch.Pictures), dim: 1); // (B, projection_dim)
        var logits = texts.mm(pictures.t()) * logitScale.clamp(0, Math.Log(100)).exp(); // (B, B)
        return ContrastiveLoss.Of(logits);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        textProjection.Dispose();
        logitScale.Dispose();
    }
}
