using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>The loop that every trainer shares: loss, gradients, clipping, AdamW at the scheduled learning rate.</summary>
public sealed class Optimization : IDisposable
{
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly OptimizationOptions options;
    private readonly AdamW optimizer;
    private int step;

    /// <summary>Prepares to optimize <paramref name="parameters"/>, which stay the caller's.</summary>
    public Optimization(IEnumerable<Parameter> parameters, OptimizationOptions options)
    {
        this.parameters = [.. parameters];
        this.options = options;
        optimizer = optim.AdamW(this.parameters, options.LearningRate, beta2: options.Beta2, weight_decay: options.WeightDecay);
    }

    /// <summary>Takes all steps of the options.</summary>
    /// <param name="stage">Named in the progress.</param>
    /// <param name="losses">The losses of a step's parts, scalars whose mean is the step's loss; called with the step's number, from 0, in a dispose scope of its own.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="afterStep">Done after every step, for weights that follow these.</param>
    /// <param name="cancellationToken">Looked at before every step.</param>
    public void Run(string stage, Func<int, IReadOnlyList<Func<Tensor>>> losses, IProgress<TrainingProgress>? progress = null, Action? afterStep = null,
        CancellationToken cancellationToken = default)
    {
        while (step < options.Steps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var taken = Step(losses);
            afterStep?.Invoke();
            progress?.Report(new TrainingProgress(stage, step, options.Steps, taken.Loss));
        }
    }

    /// <summary>Takes the next step.</summary>
    /// <inheritdoc cref="Run"/>
    public OptimizationStep Step(Func<int, IReadOnlyList<Func<Tensor>>> losses)
    {
        using var scope = NewDisposeScope();
        var rate = options.LearningRate * LearningRate.Factor(options.Schedule, step, options.WarmupSteps, options.Steps);
        foreach (var group in optimizer.ParamGroups)
            group.LearningRate = rate;
        var (loss, gradients) = ShardGradients.Mean(losses(step), parameters, options.Shards);
        if (!double.IsFinite(loss))
            throw new InvalidOperationException($"The loss is {loss} at step {step + 1}: lower the learning rate.");
        for (var i = 0; i < parameters.Count; i++)
            parameters[i].grad = gradients[i];
        var norm = nn.utils.clip_grad_norm_(parameters, options.MaxGradNorm);
        if (!double.IsFinite(norm))
            throw new InvalidOperationException($"The gradients' norm is {norm} at step {step + 1}: lower the learning rate.");
        optimizer.step();
        optimizer.zero_grad();
        step++;
        return new OptimizationStep(loss, norm, rate);
    }

    /// <inheritdoc/>
    public void Dispose() => optimizer.Dispose();
}
