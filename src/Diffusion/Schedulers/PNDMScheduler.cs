using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Pseudo numerical methods for diffusion models (Liu et al. 2022; diffusers' PNDMScheduler): three Runge-Kutta steps of four
/// network calls each (PRK), then a linear multistep method on the last four predictions (PLMS). With skip_prk_steps, as Stable
/// Diffusion has it, the multistep method starts by itself with one step done twice.</summary>
public sealed class PNDMScheduler : IScheduler
{
    private const int PrkOrder = 4;

    private readonly NoiseSchedule schedule;
    private readonly PredictionType prediction;
    private readonly string spacing;
    private readonly int stepsOffset;
    private readonly bool skipPrkSteps;
    private readonly float finalAlpha;
    private readonly TensorHistory predictions = new(PrkOrder), stepStart = new(1), weighed = new(1);
    private double[] timesteps = [];
    private int prkCalls, call, stride;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public PNDMScheduler(SchedulerConfig config)
    {
        schedule = NoiseSchedule.Read(config);
        prediction = Predictions.Read(config, sample: false);
        spacing = TimestepSpacing.Read(config, "leading");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        skipPrkSteps = config.Flag("skip_prk_steps", false);
        finalAlpha = config.Flag("set_alpha_to_one", false) ? 1 : schedule.AlphasCumprod[0];
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        double[] laid = TimestepSpacing.LayWhole(spacing, schedule.NumTrainTimesteps, numInferenceSteps, stepsOffset);
        if (!skipPrkSteps && numInferenceSteps < PrkOrder)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numInferenceSteps), numInferenceSteps, $"Without skip_prk_steps the method needs {PrkOrder} steps to start from; take more.");
        }

        stride = schedule.NumTrainTimesteps / numInferenceSteps;
        double[] prk = skipPrkSteps ? [] : [.. laid.Take(3).Zip(laid.Skip(1), PrkTimes).SelectMany(times => times)];
        timesteps = skipPrkSteps ? [.. laid.Take(2), .. laid.Skip(1)] : [.. prk, .. laid.Skip(3)];
        (prkCalls, call) = (prk.Length, 0);
        Dispose();
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        var previous = call < prkCalls ? StepPrk(modelOutput, (int)timesteps[step], sample) : StepPlms(modelOutput, (int)timesteps[step], sample);
        call++;
        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => schedule.Level(timesteps[step]).AddNoise(originalSamples, noise);

    /// <inheritdoc/>
    public void Dispose()
    {
        predictions.Clear();
        stepStart.Clear();
        weighed.Clear();
    }

    /// <summary>The classical Runge-Kutta method asks at the start, twice in the middle, and at the end.</summary>
    private double[] PrkTimes(double start, double end)
    {
        double middle = end + (stride / 2);
        return [start, middle, middle, end];
    }

    /// <summary>A quarter of a Runge-Kutta step; every fourth ends one (equation 13).</summary>
    private Tensor StepPrk(Tensor output, int time, Tensor sample)
    {
        int quarter = call % 4, start = (int)timesteps[call - quarter];
        if (quarter == 0)
        {
            predictions.Add(output);
            stepStart.Add(sample);
            weighed.Clear();
        }

        var sum = quarter is 0 or 3 ? output * (1.0 / 6) : output * (1.0 / 3);
        sum = weighed.Count > 0 ? weighed[0] + sum : sum;
        weighed.Add(sum);
        return Transfer(stepStart[0], start, quarter % 2 == 0 ? time - (stride / 2) : time, quarter == 3 ? sum : output);
    }

    /// <summary>A step of the linear multistep method (equation 12), of the order that there are predictions for.</summary>
    private Tensor StepPlms(Tensor output, int time, Tensor sample)
    {
        int before = time - stride;
        if (call == 1)
        {
            // the first step once more, with the mean of what the network says at both its ends
            return Transfer(stepStart[0], time + stride, time, (output + predictions[0]) / 2);
        }

        predictions.Add(output);
        if (call == 0)
        {
            stepStart.Add(sample);
        }

        var e = predictions;
        var mean = e.Count switch
        {
            1 => output,
            2 => ((e[0] * 3) - e[1]) / 2,
            3 => ((e[0] * 23) - (e[1] * 16) + (e[2] * 5)) / 12,
            _ => ((e[0] * 55) - (e[1] * 59) + (e[2] * 37) - (e[3] * 9)) * (1.0 / 24),
        };
        return Transfer(sample, time, before, mean);
    }

    /// <summary>x at <paramref name="to"/> from x at <paramref name="from"/> if the noise in it is <paramref name="output"/> (equation 9).</summary>
    private Tensor Transfer(Tensor sample, int from, int to, Tensor output)
    {
        double alpha = schedule.AlphasCumprod[from], alphaTo = to >= 0 ? schedule.AlphasCumprod[to] : finalAlpha;
        var epsilon = prediction.Epsilon(output, sample, NoiseLevel.OfAlphaCumprod(alpha));
        double denominator = (alpha * Math.Sqrt(1 - alphaTo)) + Math.Sqrt(alpha * (1 - alpha) * alphaTo);
        return (sample * Math.Sqrt(alphaTo / alpha)) - (epsilon * ((alphaTo - alpha) / denominator));
    }
}
