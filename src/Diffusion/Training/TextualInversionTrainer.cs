using StableDiffusion.Diffusion.Networks.Clip;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// Learns vectors for tokens that a text encoder was not made with, from a few pictures; both networks stay as they are
/// (https://arxiv.org/abs/2208.01618).
/// </summary>
public sealed class TextualInversionTrainer : IDisposable
{
    private readonly CLIPTextEncoder textEncoder;
    private readonly NoisePredictionLoss loss;
    private readonly FrozenWeights frozenTextEncoder;
    private readonly FrozenWeights frozenUNet;

    /// <summary>Takes both networks, which stay the caller's and are frozen meanwhile.</summary>
    /// <param name="textEncoder">Reads prompts with the new tokens, whose ids begin at its vocab_size.</param>
    /// <param name="loss">Of the U-Net.</param>
    /// <param name="start">(N, hidden_size): where the vectors start, such as those of a word near in meaning.</param>
    public TextualInversionTrainer(CLIPTextEncoder textEncoder, NoisePredictionLoss loss, Tensor start)
    {
        (this.textEncoder, this.loss) = (textEncoder, loss);
        (frozenTextEncoder, frozenUNet) = (new FrozenWeights(textEncoder), new FrozenWeights(loss.UNet));
        Vectors = new Parameter(start.detach().clone());
        Vectors.DetachFromDisposeScope();
    }

    /// <summary>What learns, (N, hidden_size).</summary>
    public Parameter Vectors { get; }

    /// <summary>The loss of a batch, a scalar.</summary>
    /// <param name="latents">x₀, (B, C, h, w)</param>
    /// <param name="noise">ε, (B, C, h, w)</param>
    /// <param name="timesteps">(B) int64</param>
    /// <param name="inputIds">(B, T) int64: prompts with the new tokens</param>
    public Tensor Loss(Tensor latents, Tensor noise, Tensor timesteps, Tensor inputIds) =>
        loss.Of(new NoisePredictionBatch(latents, noise, timesteps, textEncoder.Encode(inputIds, Vectors).LastHiddenState));

    /// <inheritdoc/>
    public void Dispose()
    {
        frozenTextEncoder.Dispose();
        frozenUNet.Dispose();
        Vectors.Dispose();
    }
}
