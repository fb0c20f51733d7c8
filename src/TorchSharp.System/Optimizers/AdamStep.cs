using TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>One step of Adam or AdamW on many parameters at once, by ATen's operators over lists of tensors.</summary>
internal sealed record AdamStep(double LearningRate, double Beta1, double Beta2, double Eps, double WeightDecay, bool DecoupledDecay, bool Maximize)
{
    /// <param name="step">How many steps these parameters will have taken with this one.</param>
    public void Apply(long step, Tensor[] parameters, Tensor[] grads, Tensor[] means, Tensor[] squares, Tensor[]? largestSquares)
    {
        if (Maximize) grads = Op.CallList("_foreach_neg", grads);
        if (WeightDecay != 0)
        {
            if (DecoupledDecay) Op.CallVoid("_foreach_mul_.Scalar", parameters, 1 - LearningRate * WeightDecay);
            else grads = Op.CallList("_foreach_add.List", grads, parameters, WeightDecay);
        }
        Op.CallVoid("_foreach_mul_.Scalar", means, Beta1);
        Op.CallVoid("_foreach_add_.List", means, grads, 1 - Beta1);
        Op.CallVoid("_foreach_mul_.Scalar", squares, Beta2);
        Op.CallVoid("_foreach_addcmul_.Scalar", squares, grads, grads, 1 - Beta2);
        if (largestSquares is not null)
        {
            foreach (var (largest, square) in largestSquares.Zip(squares)) largest.copy_(Op.Call("maximum", largest, square));
            squares = largestSquares;
        }
        var denominators = Op.CallList("_foreach_sqrt", squares);
        Op.CallVoid("_foreach_div_.Scalar", denominators, Math.Sqrt(1 - Math.Pow(Beta2, step)));
        Op.CallVoid("_foreach_add_.Scalar", denominators, Eps);
        Op.CallVoid("_foreach_addcdiv_.Scalar", parameters, means, denominators, -LearningRate / (1 - Math.Pow(Beta1, step)));
    }
}
