using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Native;

public class ErrorTests
{
    [Fact]
    public void Native_exception_arrives_with_libtorchs_message()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => ones(2, 3).mm(ones(2, 3)));
        Assert.Contains("shapes cannot be multiplied (2x3 and 2x3)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_lives_on_after_a_native_exception()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ExternalException>(() => ones(2).reshape(3));
        Assert.Equal(4f, ones(2, 2).sum().item<float>());
    }

    [Fact]
    public void Freed_tensor_used_again_is_an_exception()
    {
        var tensor = ones(2);
        tensor.Dispose();
        using var other = ones(2);
        Assert.Throws<InvalidOperationException>(() => tensor.add(other));
        Assert.Throws<InvalidOperationException>(() => other.add(tensor));
        Assert.Throws<InvalidOperationException>(() => cat([other, tensor]));
        Assert.Throws<InvalidOperationException>(() => tensor.shape);
        Assert.Throws<InvalidOperationException>(() => tensor.data<float>().ToArray());
        Assert.Throws<InvalidOperationException>(() => tensor.add_(1));
    }

    [Fact]
    public void Copy_from_outside_a_tensor_is_an_exception()
    {
        using var tensor = ones(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.data<float>().CopyTo(new float[8], tensorIndex: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.data<float>().CopyTo(new float[8], tensorIndex: 3));
    }

    [Fact]
    public void Number_of_threads_can_be_set()
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            Assert.Equal(1, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Cuda_is_asked_for_safely_where_there_is_none()
    {
        Assert.Equal(cuda.device_count() > 0, cuda.is_available());
        if (!cuda.is_available()) Assert.ThrowsAny<Exception>(() => ones(1).to("cuda"));
    }
}
