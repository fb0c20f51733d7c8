using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>
/// A 3×3 convolution of stride 1 and padding 1, on a CPU in the way that is quickest for its size; the result differs in
/// rounding alone. Where gradients are recorded, and on other devices, it is the layer's own.
/// </summary>
internal static class PictureConvolution
{
    // Transforming the filters for every call pays from about this many pixels on, and from channels that make large products.
    private const long LeastPixels = 512;
    private const long LeastChannels = 128;

    // oneDNN copies the weights to another order at each call. Below so many pixels, that takes longer than the convolution.
    private const long FewPixels = 128;
    private const long ManyWeights = 9 * 512 * 512;

    /// <param name="conv">The layer.</param>
    /// <param name="input">(B, C, H, W)</param>
    /// <returns>(B, C', H, W)</returns>
    public static Tensor Call(Conv2d conv, Tensor input)
    {
        if (is_grad_enabled() || input.device.type != TorchSharp.DeviceType.CPU)
        {
            return conv.call(input);
        }

        var weight = conv.weight;
        var pixels = input.shape[0] * input.shape[2] * input.shape[3];
        if (pixels <= FewPixels && weight.numel() >= ManyWeights)
        {
            return AsProduct(input, weight, conv.bias);
        }

        // its rounding would show in half precision
        return pixels >= LeastPixels && Math.Min(weight.shape[0], weight.shape[1]) >= LeastChannels && input.dtype == ScalarType.Float32
            ? WinogradConvolution.Call(input, weight, conv.bias)
            : conv.call(input);
    }

    /// <summary>Every pixel's surroundings as a row, times the weights as they lie.</summary>
    private static Tensor AsProduct(Tensor input, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (input.shape[2], input.shape[3]);
        var padded = nn.functional.pad(input, [1, 1, 1, 1]).permute(0, 2, 3, 1); // (B, H + 2, W + 2, C)
        var taps = from y in Enumerable.Range(0, 3) from x in Enumerable.Range(0, 3) select padded.narrow(1, y, height).narrow(2, x, width);
        var windows = stack([.. taps], -1).view(input.shape[0], height * width, -1); // (B, H·W, C·9)
        var output = nn.functional.linear(windows, weight.view(weight.shape[0], -1), bias); // (B, H·W, C')
        return scope.MoveToOuter(output.view(input.shape[0], height, width, -1).permute(0, 3, 1, 2));
    }
}
