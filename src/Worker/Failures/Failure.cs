using StableDiffusion.Contracts.Messages;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Adapters;

namespace StableDiffusion.Worker.Failures;

/// <summary>
/// Why an image was not made, and whether another attempt can make it. The whole taxonomy is here:
/// <list type="table">
/// <item><term>the request or the model is wrong, or asks for what is not built</term><description>permanent</description></item>
/// <item><term>memory of the host or of the device ran out</term><description>retryable: another worker may have more, or less company</description></item>
/// <item><term>the object store refused or is away</term><description>retryable: the store or this worker's rights can be mended</description></item>
/// <item><term>this worker lacks an adapter</term><description>retryable: another worker may hold it</description></item>
/// <item><term>anything else</term><description>retryable: the coordinator counts the attempts and gives up in time</description></item>
/// </list>
/// A worker that shuts down hands its images back; that is no failure and never comes here.
/// </summary>
/// <param name="Reason">A sentence for the one who asked for the image.</param>
/// <param name="Retryable">Whether another attempt may pass.</param>
/// <param name="Kind">One of <see cref="FailureReasons"/>.</param>
public sealed record Failure(string Reason, bool Retryable, string Kind = FailureReasons.Other)
{
    /// <summary>Sorts an error that rendering, encoding or storing an image ended with.</summary>
    public static Failure From(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        string words = LibTorchError.Words(error);
        return error switch
        {
            ArgumentException or NotSupportedException or InvalidModelException => new Failure(words, Retryable: false, FailureReasons.Request),
            AdapterMissingException => new Failure(words, Retryable: true, FailureReasons.Adapter),
            ObjectStoreException => new Failure(words, Retryable: true, FailureReasons.Objects),
            _ when DeviceOutOfMemoryException.Is(error) => new Failure($"Out of memory: {words}", Retryable: true, FailureReasons.Memory),
            _ => new Failure($"{error.GetType().Name}: {words}", Retryable: true),
        };
    }
}
