using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A request's pictures as the networks take them. They are the same for all that is drawn from them, so each goes through the VAE
/// once.</summary>
internal sealed class RequestInputs : IDisposable
{
    private readonly GenerationRequest request;
    private readonly StableDiffusionModel model;
    private readonly Dictionary<DrawnSize, Tensor[]> controls = [];
    private readonly List<Tensor> kept = [];

    /// <summary>Prepares them at the first pass's size.</summary>
    /// <param name="request">With the picture, if there is one.</param>
    /// <param name="space">Whose VAE sees it.</param>
    /// <param name="size">The first pass's.</param>
    /// <param name="area">What is drawn of the picture, with in-painting.</param>
    public RequestInputs(GenerationRequest request, LatentSpace space, DrawnSize size, InpaintingArea? area)
    {
        (this.request, model, Area) = (request, space.Model, area);
        if (request.Init is not { } init)
        {
            return;
        }

        try
        {
            using var scope = NewDisposeScope();
            using var noGradients = no_grad();
            var image = PictureTensors.ToTensor(area?.Image ?? PictureResize.Lanczos(init.Image.ToRgb(), size.Width, size.Height)); // (1, 3, H, W)
            Image = Keep(space.Encode(image));
            if (area is null)
            {
                return;
            }

            var mask = tensor(area.Mask.Pixels, [1, 1, size.Height, size.Width], dtype: ScalarType.Byte).ge(128).to(ScalarType.Float32); // ½ and above
            Mask = Keep(nn.functional.interpolate(mask, Image.Mean.shape[2..]).to(model.Device));
            MaskedImage = model.UNet.Config.InChannels > model.Vae.Config.LatentChannels ? Keep(space.Encode(image * (1 - mask))) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The picture to start from, as the VAE sees it: (1, C, h, w); null without one.</summary>
    public DiagonalGaussianDistribution? Image { get; }

    /// <summary>1 where is drawn anew, 0 where is kept: (1, 1, h, w); null without in-painting.</summary>
    public Tensor? Mask { get; }

    /// <summary>The picture with grey where is drawn anew, as U-Nets of nine channels are told it: (1, C, h, w); null for others.</summary>
    public DiagonalGaussianDistribution? MaskedImage { get; }

    /// <summary>What is drawn of the picture, and how it is put back; null without in-painting.</summary>
    public InpaintingArea? Area { get; }

    /// <summary>What the ControlNets look at, in a pass of such a size: (1, 3, H, W) each, 0 … 1.</summary>
    public IReadOnlyList<Tensor> Controls(DrawnSize size)
    {
        if (!controls.TryGetValue(size, out var tensors))
        {
            using var scope = NewDisposeScope();
            controls[size] = tensors = [.. request.ControlNets.Select(input =>
                Keep(((PictureTensors.ToTensor(Fitted(input.Image.ToRgb(), size)) + 1) / 2).to(model.DType, model.Device)))];
        }

        return tensors;
    }

    /// <inheritdoc/>
    public void Dispose() => kept.ForEach(tensor => tensor.Dispose());

    /// <summary>A control picture at the drawn size; where only a part of the request's picture is drawn, the same part.</summary>
    private Picture Fitted(Picture picture, DrawnSize size) => Area?.Region is { } region
        ? PictureFit.Fill(region.Of(PictureResize.Lanczos(picture, Area.Whole.Width, Area.Whole.Height)), size.Width, size.Height)
        : PictureResize.Lanczos(picture, size.Width, size.Height);

    private Tensor Keep(Tensor tensor)
    {
        kept.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private DiagonalGaussianDistribution Keep(DiagonalGaussianDistribution posterior)
    {
        Keep(posterior.Mean);
        Keep(posterior.Logvar);
        return posterior;
    }
}
