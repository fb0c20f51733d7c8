using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Convolution over (N, C, H, W).</summary>
public sealed class Conv2d : Convolution
{
    internal Conv2d(long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type,
        long[] dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(Conv2d), in_channels, out_channels, kernel_size, stride, padding, padding_type, dilation, false, [0, 0],
            groups, bias, padding_mode, device, dtype)
    {
    }

    public override Tensor forward(Tensor input)
    {
        if (!ValidateShape(input, 2))
            throw new ArgumentException($"Expected 3D (unbatched) or 4D (batched) input with {in_channels} channels to Conv2d, got [{string.Join(", ", input.shape)}].", nameof(input));
        if (padding_mode is PaddingModes.Zeros or PaddingModes.Constant && padding is not null)
            return nn.functional.conv2d(input, weight, bias, stride, padding, dilation, groups);

        var mode = padding_mode == PaddingModes.Zeros ? PaddingModes.Constant : padding_mode;
        using var padded = nn.functional.pad(input, _reversed_padding_repeated_twice, mode);
        return nn.functional.conv2d(padded, weight, bias, stride, [0, 0], dilation, groups);
    }
}
