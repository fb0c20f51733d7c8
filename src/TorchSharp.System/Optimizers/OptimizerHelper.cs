using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What all optimizers share: one state a parameter, and copying options and states from another optimizer.</summary>
public abstract class OptimizerHelper : Optimizer
{
    protected OptimizerOptions? _defaults;
    private protected readonly Dictionary<Parameter, OptimizerState> states = new(ReferenceEqualityComparer.Instance);

    public virtual StateDictionary state_dict()
    {
        var result = new StateDictionary();
        foreach (var group in _parameter_groups)
        {
            result.Options.Add(group.Options!);
            var members = group.Parameters.Select(parameter => states[parameter]).ToList();
            result.StateIndexRef.Add([.. Enumerable.Range(result.State.Count, members.Count)]);
            result.State.AddRange(members);
        }
        return result;
    }

    /// <summary>Copies another optimizer's options and states, which must be as many as this one's.</summary>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (state_dict.Options.Count != own.Options.Count)
            throw new ArgumentException("Invalid optimizer state -- different number of parameter groups.", nameof(state_dict));
        if (state_dict.State.Count != own.State.Count)
            throw new ArgumentException("Invalid optimizer state -- different number of states.", nameof(state_dict));
        foreach (var (mine, other) in own.Options.Zip(state_dict.Options)) mine.LoadStateDict(other);
        foreach (var (mine, other) in own.State.Zip(state_dict.State))
        {
            if (mine != other) mine.LoadStateDict(other);
        }
    }

    /// <summary>Moves the states.</summary>
    public void to(Device device)
    {
        foreach (var state in states.Values) state.to(device);
    }

    protected Tensor? _step<T>(Action<T> body, Func<Tensor>? loss_closure = null) where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using var recording = enable_grad();
            loss = loss_closure();
        }
        using var frozen = no_grad();
        foreach (var group in _parameter_groups)
        {
            using var scope = NewDisposeScope();
            body((T)group);
        }
        return loss;
    }

    private protected void Add(ParamGroup group, OptimizerOptions options, Func<Parameter, OptimizerState> newState)
    {
        group.Parameters = [.. group.Parameters];
        options.InitialLearningRate = options.LearningRate!.Value;
        foreach (var parameter in group.Parameters)
        {
            if (states.ContainsKey(parameter)) throw new ArgumentException("some parameters appear in more than one parameter group", nameof(group));
            var state = newState(parameter);
            state.Initialize(options);
            states.Add(parameter, state);
        }
        _parameter_groups.Add(group);
    }

    /// <summary>The group's parameters that have a gradient, with it and their state.</summary>
    private protected IEnumerable<(Parameter parameter, Tensor grad, TState state)> WithGradients<TState>(ParamGroup group) where TState : OptimizerState
    {
        foreach (var parameter in group.Parameters)
        {
            if (parameter.grad is { } grad) yield return (parameter, grad, (TState)states[parameter]);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing) return;
        foreach (var state in states.Values) (state as IDisposable)?.Dispose();
    }
}
