using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Training;

/// <summary>The gradients of several parts of one step, computed at the same time and added up in their order.</summary>
internal static class ShardGradients
{
    /// <summary>The mean of the losses and its gradients, the same bits every time.</summary>
    /// <param name="losses">Each gives a scalar that depends on all parameters.</param>
    /// <param name="parameters">What to differentiate by.</param>
    /// <param name="concurrently">How many run side by side, each on one thread.</param>
    /// <returns>The gradients in the order of the parameters, in the current dispose scope.</returns>
    /// <exception cref="InvalidOperationException">A loss does not depend on all parameters.</exception>
    public static (double Loss, IReadOnlyList<Tensor> Gradients) Mean(IReadOnlyList<Func<Tensor>> losses, IReadOnlyList<Parameter> parameters, int concurrently = 1)
    {
        var (loss, share) = (0.0, 1.0 / losses.Count);
        IReadOnlyList<Tensor>? sums = null;
        foreach (var group in losses.Chunk(concurrently))
        {
            var shards = group.Length == 1 ? [Differentiate(group[0], parameters)] : SideBySide(group, parameters);
            foreach (var shard in shards)
            {
                loss += shard.Loss;
                sums = sums is null ? Scaled(shard.Gradients, share) : Add(sums, shard.Gradients, share);
            }
        }
        return (loss * share, sums!);
    }

    // Not in place: gradients may share their memory, as those of two weights that are added, or of all numbers that are summed up.
    private static List<Tensor> Scaled(IReadOnlyList<Tensor> gradients, double share)
    {
        var scaled = new List<Tensor>();
        foreach (var gradient in gradients)
        {
            using (gradient)
                scaled.Add(gradient * share);
        }
        return scaled;
    }

    private static IReadOnlyList<Tensor> Add(IReadOnlyList<Tensor> sums, IReadOnlyList<Tensor> gradients, double share)
    {
        foreach (var (sum, gradient) in sums.Zip(gradients))
        {
            using (gradient)
                sum.add_(gradient, alpha: share);
        }
        return sums;
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
        using var recording = enable_grad();
        var loss = lossOf();
        if (!loss.requires_grad)
            throw new InvalidOperationException("The loss depends on none of the weights that are to learn.");
        var gradients = autograd.grad([loss], [.. parameters], allow_unused: true);
        for (var i = 0; i < parameters.Count; i++)
        {
            if (gradients[i].IsInvalid)
                throw new InvalidOperationException($"The loss does not depend on weight {i + 1} of the {parameters.Count} that are to learn, [{string.Join(", ", parameters[i].shape)}].");
        }
        return (loss.item<float>(), [.. gradients.Select(gradient => gradient.DetachFromDisposeScope())]);
    }
}
