using StableDiffusion.Diffusion.Checkpoints;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Asks the network about a group's latents, and makes one guided prediction of its answers.</summary>
internal sealed class NoisePredictor(
    StableDiffusionModel model, GroupConditions conditions, ClassifierFreeGuidance guidance, GroupInpainting? inpainting, ControlNetGuidance? controls)
{
    /// <summary>What the model was trained to predict: (B, C, h, w) in single precision, owned by the caller's dispose scope.</summary>
    /// <param name="sample">(B, C, h, w), scaled for the network.</param>
    /// <param name="timestep">That it is at.</param>
    /// <param name="call">Which call of the pass this is, from 0.</param>
    public Tensor Predict(Tensor sample, double timestep, int call)
    {
        using var scope = NewDisposeScope();
        sample = sample.to(model.DType);
        var time = tensor((float)timestep, device: model.Device);
        var scale = model.UNet.EmbedGuidance(guidance.Scale); // null but for distilled models
        var answers = new List<Tensor>(); // (B, C, h, w) for each text
        foreach (var asked in conditions.At(call))
        {
            var rows = asked.Texts == 1 ? sample : cat([.. Enumerable.Repeat(sample, asked.Texts)], 0); // (texts · B, C, h, w)
            var input = inpainting?.Extend(rows, asked.Texts) ?? rows;
            var told = asked.Conditions with { Control = controls?.At(call, rows, time, asked), TimestepCond = scale };
            var answer = model.UNet.call(input, time, told).to(ScalarType.Float32);
            answers.AddRange(answer.chunk(asked.Texts, 0));
        }

        var prediction = conditions.HasNegative ? guidance.Apply(answers[0], answers[1..], conditions.Weights) : answers[0];
        return prediction.MoveToOuterDisposeScope();
    }
}
