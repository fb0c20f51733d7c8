using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Finds out whether the pictures of a batch class (<see cref="GenerationRequest.BatchClass"/>) have the same bits in every company on
/// this machine: whether a kernel rounds a row otherwise in another place of the batch.</summary>
public static class BatchClassProbe
{
    /// <summary>Runs the U-Net with the same row in every place, without and with guidance, and compares bits. Where it says no, one picture a
    /// call is right.</summary>
    /// <param name="model">Used by one thread at a time.</param>
    /// <param name="batchClass">Pictures in a call.</param>
    /// <param name="width">In pixels: kernels are chosen by size.</param>
    /// <param name="height">In pixels.</param>
    public static bool IsPlaceIndependent(StableDiffusionModel model, int batchClass, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(model);
        return batchClass == 1 || (AreEqual(model, batchClass, 1, width, height) && AreEqual(model, batchClass, 2, width, height));
    }

    private static bool AreEqual(StableDiffusionModel model, int batchClass, int texts, int width, int height)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var generator = new Generator(0, CPU);
        int rows = batchClass * texts, factor = model.VaeScaleFactor;
        var sample = Repeated(model.UNet.Config.InChannels, height / factor, width / factor);
        var context = Repeated(model.TextEncoder.Config.MaxPositionEmbeddings, model.UNet.Config.CrossAttentionDim);
        var added = model.TextEncoder2 is { } second
            ? new AddedConditions(Repeated(second.Config.ProjectionDim), full([rows, 6], height, ScalarType.Float32, model.Device))
            : null;
        var answer = model.UNet.call(sample, full([1], 500, ScalarType.Float32, model.Device), new UNetConditions(context, added));
        return answer.eq(answer.narrow(0, 0, 1)).all().item<bool>();

        Tensor Repeated(params long[] shape)
        {
            var row = randn([1, .. shape], dtype: ScalarType.Float32, device: CPU, generator: generator);
            return row.repeat([rows, .. shape.Select(_ => 1L)]).to(model.DType, model.Device);
        }
    }
}
