using System.Runtime.InteropServices;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Failures;

namespace StableDiffusion.Worker.Tests.Failures;

public sealed class FailureTests
{
    public static TheoryData<Exception, bool> Errors => new()
    {
        { new ArgumentException("width: 63 is no multiple of 8"), false },
        { new ArgumentOutOfRangeException("steps"), false },
        { new NotSupportedException("no such scheduler"), false },
        { new ObjectStoreException("away", transient: true), true },
        { new ObjectStoreException("refused", transient: false), true },
        { new OutOfMemoryException("512x512"), true },
        { new ExternalException("CUDA out of memory. Tried to allocate 2 GiB"), true },
        { new ExternalException("[enforce fail at alloc_cpu.cpp:66] DefaultCPUAllocator: can't allocate memory"), true },
        { new InvalidOperationException("a bug"), true },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public void Only_a_request_that_can_never_be_rendered_is_permanent(Exception error, bool retryable)
    {
        var failure = Failure.From(error);

        Assert.Equal(retryable, failure.Retryable);
        Assert.Contains(error.Message, failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Lack_of_memory_is_called_by_its_name() =>
        Assert.StartsWith("Out of memory", Failure.From(new ExternalException("CUDA out of memory.")).Reason, StringComparison.Ordinal);

    [Fact]
    public void Libtorchs_native_stack_stays_out_of_the_reason() =>
        Assert.EndsWith("(2x3 and 2x3)", Failure.From(new ExternalException(
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)\nException raised from meta at LinearAlgebra.cpp:189\nframe #0: c10::Error")).Reason, StringComparison.Ordinal);
}
