using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>
/// One way of training, against what a file of references has under its name: <c>NAME.losses</c>, <c>NAME.grad_norm</c>,
/// <c>NAME.grad.WEIGHT</c>, <c>NAME.after_one_step.WEIGHT</c>. All in single precision.
/// </summary>
internal sealed class TrainingCase(VerificationRun run, SafetensorsFile file, string name)
{
    private const double RelativeBound = 1e-4; // of sums of thousands of terms in another order
    private const double WeightBound = 1e-5; // absolute: a hundredth of a step, which Adam makes of the gradient's sign

    private readonly Comparison losses = new(run, $"training: {name}: losses, gradient norm", run.Bound(RelativeBound), alwaysJudged: true);
    private readonly Comparison gradients = new(run, $"training: {name}: gradients", run.Bound(RelativeBound), alwaysJudged: true);
    private readonly Comparison weights = new(run, $"training: {name}: weights", run.Bound(WeightBound), alwaysJudged: true);

    /// <summary>AdamW as the references were made: the rate constant, gradients clipped to 1.</summary>
    public static OptimizationOptions Options { get; } = new()
    {
        Steps = int.MaxValue, BatchSize = 1, LearningRate = 1e-3, Schedule = LearningRateSchedule.Constant,
    };

    /// <summary>What else is compared of it.</summary>
    public Comparison Losses => losses;

    /// <summary>Trains on one batch for as many steps as there are losses.</summary>
    /// <param name="parameters">What learns, by the references' names.</param>
    /// <param name="options">Of the optimization.</param>
    /// <param name="parts">The losses of a step's parts.</param>
    /// <param name="afterStep">Given each step's number, from 0.</param>
    public TrainingCase Train(
        IReadOnlyDictionary<string, Parameter> parameters, OptimizationOptions options, Func<IReadOnlyList<Func<Tensor>>> parts, Action<int>? afterStep = null)
    {
        CompareGradients(parameters, parts);
        double[] expected = Has("losses") ? Read("losses").data<double>().ToArray() : [];
        using var optimization = new Optimization(parameters.Values, options);
        for (int step = 0; step < Math.Max(expected.Length, 1); step++)
        {
            var taken = optimization.Step(_ => parts());
            if (step < expected.Length)
            {
                losses.Relative($"losses.{step}", [taken.Loss], [expected[step]]);
            }

            if (step == 0 && Has("grad_norm"))
            {
                losses.Relative("grad_norm", [taken.GradNorm], [Read("grad_norm").item<float>()]);
            }

            if (step == 0)
            {
                Each("after_one_step.", parameters, weights, (weight, parameter, key) => weights.Absolute(key, parameter, weight));
            }

            afterStep?.Invoke(step);
        }

        return this;
    }

    /// <summary>Compares weights that learn, once they have taken a step.</summary>
    public void Weights(string key, Tensor made, Tensor expected) => weights.Absolute(key, made, expected);

    /// <summary>Compares a weight that the references keep without saying when they took it: before the first step, or after the last.</summary>
    public void Weights(string key, Tensor start, Tensor end, Tensor expected) => Weights(key, start.equal(expected).all().item<bool>() ? start : end, expected);

    /// <summary>Compares a gradient that goes by no weight's name.</summary>
    public void Gradient(Tensor made, Tensor expected) => gradients.Relative("grad", made, expected);

    public IEnumerable<VerificationRow> Rows() => [.. losses.Rows(), .. gradients.Rows(), .. weights.Rows()];

    private void CompareGradients(IReadOnlyDictionary<string, Parameter> parameters, Func<IReadOnlyList<Func<Tensor>>> parts)
    {
        using var scope = NewDisposeScope();
        var made = ShardGradients.Mean(parts(), [.. parameters.Values]).Gradients;
        var byName = parameters.Keys.Zip(made).ToDictionary(pair => pair.First, pair => pair.Second);
        Each("grad.", byName, gradients, (expected, gradient, key) => gradients.Relative(key, gradient, expected));
    }

    private void Each<T>(string part, IReadOnlyDictionary<string, T> made, Comparison comparison, Action<Tensor, T, string> compare)
    {
        string prefix = $"{name}.{part}";
        foreach (string key in file.Tensors.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            using var scope = NewDisposeScope();
            if (made.TryGetValue(key[prefix.Length..], out var ours))
            {
                compare(file.Read(key), ours, key);
            }
            else
            {
                comparison.Fail(key, "nothing of this name is trained");
            }
        }
    }

    private bool Has(string part) => file.Tensors.ContainsKey($"{name}.{part}");

    private Tensor Read(string part) => file.Read($"{name}.{part}");
}
