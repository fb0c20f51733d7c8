namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Shape, type and device, as <c>[2x3], type = Float32, device = cpu</c>.</summary>
        public override string ToString() => IsInvalid
            ? "an invalid (disposed) tensor"
            : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";
    }
}
