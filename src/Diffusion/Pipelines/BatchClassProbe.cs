using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Finds out whether the pictures of a batch class (<see cref="GenerationRequest.BatchClass"/>) have the same bits in every company on
/// this machine: whether a kernel rounds a row otherwise in another place of the batch.</summary>
public static class BatchClassProbe
{
    /// <summary>Runs the U-Net on pictures and on the same pictures each a place further, without and with guidance, and compares bits. Where it
    /// says no, one picture a call is right.</summary>
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
        var sample = Random(model.UNet.Config.InChannels, height / factor, width / factor);
        var context = Random(model.TextEncoders[0].Network.Config.MaxPositionEmbeddings, model.UNet.Config.CrossAttentionDim);
        var pooled = model.TextEncoder2 is { } second ? Random(second.Config.ProjectionDim) : null;
        long[] order = [.. Enumerable.Range(0, rows).Select(row => (long)row)];
        long[] moved = [.. order.Select(row => (row / batchClass * batchClass) + ((row + 1) % batchClass))];
        return Answer(moved).eq(Placed(Answer(order), moved)).all().item<bool>();

        Tensor Random(params long[] shape) =>
            randn([rows, .. shape], dtype: ScalarType.Float32, device: CPU, generator: generator).to(model.DType, model.Device);

        Tensor Placed(Tensor all, long[] places) => all.index_select(0, tensor(places, [rows]).to(model.Device));

        Tensor Answer(long[] places) => model.UNet.call(
            Placed(sample, places),
            full([1], 500, ScalarType.Float32, model.Device),
            new UNetConditions(
                Placed(context, places),
                pooled is null ? null : new AddedConditions(Placed(pooled, places), full([rows, model.TimeIds], height, ScalarType.Float32, model.Device)))
            {
                TimestepCond = model.UNet.EmbedGuidance(1),
            });
    }
}
