using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>The gradients of several parts of one step, computed at the same time and added up in their order.</summary>
internal static class ShardGradients
{
    /// <summary>The mean of the losses and its gradients, the same bits every time.</summary>
    /// <param name="losses">Each gives a scalar that depends on all parameters; more than one run side by side, each on one thread.</param>
    /// <param name="parameters">What to differentiate by.</param>
    /// <returns>The gradients in the order of the parameters, in the current dispose scope.</returns>
    public static (double Loss, IReadOnlyList<Tensor> Gradients) Mean(IReadOnlyList<Func<Tensor>> losses, IReadOnlyList<Parameter> parameters)
    {
        var shards = losses.Count == 1 ? [Differentiate(losses[0], parameters)] : SideBySide(losses, parameters);
        foreach (var gradient in shards.SelectMany(shard => shard.Gradients))
            CurrentDisposeScope?.Attach(gradient);
        var sums = shards[0].Gradients;
        for (var i = 0; i < sums.Count; i++)
        {
            foreach (var shard in shards.Skip(1))
                sums[i].add_(shard.Gradients[i]);
            sums[i].div_(shards.Length);
        }
        return (shards.Average(shard => shard.Loss), sums);
    }

    private static (double Loss, IReadOnlyList<Tensor> Gradients)[] SideBySide(IReadOnlyList<Func<Tensor>> losses, IReadOnlyList<Parameter> parameters)
    {
        var threads = get_num_threads();
        // New threads start with this number; a team of their own would fight the other shards for the cores.
        set_num_threads(1);
        try
        {
            return Task.WhenAll(losses.Select(loss => Task.Factory.StartNew(
                () => Differentiate(loss, parameters), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)))
                .GetAwaiter().GetResult();
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    // Dispose scopes belong to threads: what is left leaves this one's.
    private static (double Loss, IReadOnlyList<Tensor> Gradients) Differentiate(Func<Tensor> lossOf, IReadOnlyList<Parameter> parameters)
    {
        using var scope = NewDisposeScope();
        var loss = lossOf();
        var gradients = autograd.grad([loss], [.. parameters]);
        return (loss.item<float>(), [.. gradients.Select(gradient => gradient.DetachFromDisposeScope())]);
    }
}
