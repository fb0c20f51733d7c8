using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What a group of parameters is stepped with; null takes the optimizer's default.</summary>
public class OptimizerOptions
{
    public double? LearningRate { get; set; }

    /// <summary>Where the schedules of the learning rate start from.</summary>
    public double InitialLearningRate { get; set; }

    public virtual void LoadStateDict(OptimizerOptions source)
    {
        LearningRate = source.LearningRate;
        InitialLearningRate = source.InitialLearningRate;
    }
}

/// <summary>What an optimizer remembers of one parameter from step to step.</summary>
public abstract class OptimizerState
{
    protected Parameter _parameter;

    protected OptimizerState(Parameter parameter) => _parameter = parameter;

    public abstract void Initialize(OptimizerOptions options);

    public abstract void LoadStateDict(OptimizerState source);

    public virtual void to(Device device) { }

    /// <summary>A zero like the parameter that belongs to no dispose scope and is not learned.</summary>
    private protected Tensor Zeros()
    {
        using var frozen = no_grad();
        return zeros_like(_parameter).DetachFromDisposeScope();
    }

    /// <summary>Puts a copy of <paramref name="source"/>, on <paramref name="device"/>, where <paramref name="target"/> was.</summary>
    private protected static void Replace(ref Tensor? target, Tensor? source, Device device)
    {
        var copy = source?.to(device, copy: true).DetachFromDisposeScope();
        target?.Dispose();
        target = copy;
    }
}

/// <summary>Parameters that share options.</summary>
public class ParamGroup : optim.ILearningRateController
{
    public IEnumerable<Parameter> Parameters { get; set; } = [];
    public OptimizerOptions? Options { get; set; }
    public double LearningRate { get => Options!.LearningRate!.Value; set => Options!.LearningRate = value; }
    public double InitialLearningRate { get => Options!.InitialLearningRate; set => Options!.InitialLearningRate = value; }
}

/// <inheritdoc/>
public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
{
    public ParamGroup() { }

    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options;
    }

    public new TOptions? Options { get => (TOptions?)base.Options; set => base.Options = value; }
}
