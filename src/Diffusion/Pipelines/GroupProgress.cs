using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Tells how far a group's pictures are, each by itself; what fills the group up is not told of.</summary>
internal sealed class GroupProgress(PictureGroup group, int total, Action<DenoisingStep>? onStep)
{
    private int done;

    /// <param name="latents">(B, C, h, w) after another call of the network.</param>
    public void Tell(Tensor latents)
    {
        done++;
        for (int place = 0; place < group.Images.Count && onStep is not null; place++)
        {
            using var own = latents.narrow(0, place, 1);
            onStep(new DenoisingStep(group.Images[place], done, total, own));
        }
    }
}
