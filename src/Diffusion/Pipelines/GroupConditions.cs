using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What a group of pictures is told at each step of a pass.</summary>
/// <param name="pictures">Of the same shape.</param>
/// <param name="sizes">What SDXL is told of the size; null for other models.</param>
internal sealed class GroupConditions(IReadOnlyList<PicturePrompts> pictures, TimeIds? sizes)
{
    /// <summary>Whether the negative prompts are among the texts.</summary>
    public bool HasNegative => pictures[0].Negative is not null;

    /// <summary>For each positive text, a weight for each picture.</summary>
    public IReadOnlyList<double[]> Weights { get; } =
        [.. Enumerable.Range(0, pictures[0].Positive.Count).Select(part => pictures.Select(picture => picture.Positive[part].Weight).ToArray())];

    /// <summary>The calls of the network at a step, negative prompts first. Texts of one length share a call; the tensors are the current
    /// dispose scope's.</summary>
    public IEnumerable<NetworkCall> At(int call)
    {
        TextConditioning[][] texts = [.. Enumerable.Range(0, pictures[0].Texts.Count)
            .Select(text => pictures.Select(picture => picture.Texts[text].At(call)).ToArray())];
        for (int first = 0, next; first < texts.Length; first = next)
        {
            long tokens = Tokens(texts[first]);
            for (next = first + 1; next < texts.Length && Tokens(texts[next]) == tokens; next++)
            {
            }

            var together = texts[first..next];
            bool startsWithNegative = HasNegative && first == 0;
            yield return new NetworkCall(together.Length, startsWithNegative, Join(together, startsWithNegative));
        }
    }

    private static long Tokens(TextConditioning[] text) => text[0].Context.shape[1];

    private UNetConditions Join(TextConditioning[][] texts, bool startsWithNegative)
    {
        var rows = texts.SelectMany(text => text).ToArray();
        var context = cat([.. rows.Select(row => row.Context)], 0); // (texts · B, T, D)
        if (sizes is null)
        {
            return new UNetConditions(context);
        }

        var ids = Enumerable.Range(0, rows.Length).SelectMany(row => startsWithNegative && row < pictures.Count ? sizes.Negative : sizes.Positive).ToArray();
        return new UNetConditions(context, new AddedConditions(
            cat([.. rows.Select(row => row.Pooled ?? throw new InvalidOperationException("An SDXL text has no pooled embedding."))], 0),
            tensor(ids, [rows.Length, sizes.Positive.Length]).to(context.device)));
    }
}
