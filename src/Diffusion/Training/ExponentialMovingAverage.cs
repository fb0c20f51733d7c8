using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>
/// An average of a network's weights over the last steps, which draws better than the last step's own; decay as in
/// diffusers' <c>EMAModel</c>.
/// </summary>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly IReadOnlyList<Tensor> averages;
    private readonly EmaOptions options;
    private int step;

    /// <summary>Starts from the weights as they are.</summary>
    /// <param name="parameters">The weights to follow; they stay the caller's.</param>
    /// <param name="options">How long they are averaged over.</param>
    public ExponentialMovingAverage(IEnumerable<Parameter> parameters, EmaOptions options)
    {
        this.parameters = [.. parameters];
        this.options = options;
        using var off = no_grad();
        averages = [.. this.parameters.Select(parameter => parameter.detach().clone().DetachFromDisposeScope())];
    }

    /// <summary>Takes in the weights after an optimizer step.</summary>
    public void Update()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var keep = options.DecayAt(++step);
        for (var i = 0; i < averages.Count; i++)
            averages[i].mul_(keep).add_(parameters[i], alpha: 1 - keep);
    }

    /// <summary>Puts the averages in place of the weights.</summary>
    public void CopyToParameters()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < averages.Count; i++)
            parameters[i].copy_(averages[i]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var average in averages)
            average.Dispose();
    }
}
