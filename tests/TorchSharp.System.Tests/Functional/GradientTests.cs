using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Tests.Functional;

public class GradientTests
{
    [Fact]
    public void Convolution_differentiates_by_input_weight_and_bias()
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Normal(1, 2, 2, 4, 4), w = Numbers.Normal(2, 3, 2, 3, 3), b = Numbers.Normal(3, 3);

        Numbers.AssertGradient(v => F.conv2d(v, w, b, padding: [1, 1]), x);
        Numbers.AssertGradient(v => F.conv2d(x, v, b, strides: [2, 2]), w);
        Numbers.AssertGradient(v => F.conv2d(x, w, v), b);
    }

    [Fact]
    public void Norms_differentiate_by_input_and_weight()
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Normal(1, 2, 4, 3, 3), w = Numbers.Normal(2, 4), b = Numbers.Normal(3, 4);

        Numbers.AssertGradient(v => F.group_norm(v, 2, w, b), x);
        Numbers.AssertGradient(v => F.group_norm(x, 2, v, b), w);
        Numbers.AssertGradient(v => F.layer_norm(v, [4], w, b), Numbers.Normal(4, 3, 4));
    }

    [Fact]
    public void Attention_differentiates_by_query_key_and_value()
    {
        using var scope = NewDisposeScope();
        Tensor q = Numbers.Normal(1, 1, 2, 3, 4), k = Numbers.Normal(2, 1, 2, 5, 4), v = Numbers.Normal(3, 1, 2, 5, 4);

        Numbers.AssertGradient(x => F.scaled_dot_product_attention(x, k, v), q);
        Numbers.AssertGradient(x => F.scaled_dot_product_attention(q, x, v), k);
        Numbers.AssertGradient(x => F.scaled_dot_product_attention(q, k, x), v);
        Numbers.AssertGradient(x => F.scaled_dot_product_attention(x, k.narrow(2, 0, 3), v.narrow(2, 0, 3), is_casual: true), q);
    }

    [Fact]
    public void Activations_and_resizing_differentiate()
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(1, 1, 1, 3, 3);

        Numbers.AssertGradient(v => F.silu(v), x);
        Numbers.AssertGradient(v => F.gelu(v), x);
        Numbers.AssertGradient(v => F.interpolate(v, scale_factor: [2, 2]), x);
        Numbers.AssertGradient(v => F.interpolate(v, size: [5, 5], mode: InterpolationMode.Bicubic), x);
        Numbers.AssertGradient(v => F.softmax(v, -1), x);
    }
}
