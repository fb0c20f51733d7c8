using StableDiffusion.Diffusion.Networks.UNet;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What the request's ControlNets tell the U-Net during a pass.</summary>
/// <param name="inputs">The request's, at least one.</param>
/// <param name="pictures">For each of them (1, 3, H, W), 0 … 1.</param>
/// <param name="guessMode">Whether they know the picture alone: the negative prompt is left without them, and what they say of details is
/// turned down.</param>
/// <param name="calls">How often the pass asks the network.</param>
internal sealed class ControlNetGuidance(IReadOnlyList<ControlInput> inputs, IReadOnlyList<Tensor> pictures, bool guessMode, int calls)
{
    // as diffusers, which asks the first one
    private readonly bool guesses = guessMode || inputs[0].Network.Config.GlobalPoolConditions;

    /// <summary>The sum of what they say, in the current dispose scope; null where none of them has a say.</summary>
    /// <param name="call">Which call of the pass, from 0.</param>
    /// <param name="rows">(texts · B, C, h, w), scaled for the network.</param>
    /// <param name="timestep">That they are at.</param>
    /// <param name="asked">What the U-Net is told of them.</param>
    public ControlResiduals? At(int call, Tensor rows, Tensor timestep, NetworkCall asked)
    {
        long blind = guesses && asked.StartsWithNegative ? rows.shape[0] / asked.Texts : 0;
        long seeing = rows.shape[0] - blind;
        if (seeing == 0)
        {
            return null;
        }

        ControlResiduals? sum = null;
        foreach (var (input, picture) in inputs.Zip(pictures).Where(pair => HasASay(pair.First, call)))
        {
            var said = input.Network.call(rows.narrow(0, blind, seeing), timestep, Narrow(asked.Conditions, blind, seeing), picture, input.Scale, guesses);
            sum = sum?.Plus(said) ?? said;
        }

        return sum is null || blind == 0 ? sum : new ControlResiduals([.. sum.Down.Select(Silenced)], Silenced(sum.Mid));

        Tensor Silenced(Tensor residual) => cat([zeros_like(residual.narrow(0, 0, blind)), residual], 0);
    }

    private bool HasASay(ControlInput input, int call) => (double)call / calls >= input.Start && (double)(call + 1) / calls <= input.End;

    private static UNetConditions Narrow(UNetConditions conditions, long first, long count) => first == 0 ? conditions : new UNetConditions(
        conditions.EncoderHiddenStates.narrow(0, first, count),
        conditions.Added is { } added ? new AddedConditions(added.TextEmbeds.narrow(0, first, count), added.TimeIds.narrow(0, first, count)) : null);
}
