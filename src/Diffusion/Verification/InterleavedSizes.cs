using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>SDXL's negative sizes in a batch of diffusers' text-to-image: its rows are all negative prompts and then all positive ones, but
/// their sizes come in turns, negative and positive, so that most pictures of a batch are told other sizes than alone.</summary>
internal static class InterleavedSizes
{
    /// <summary>The request as it stands, or one for each of its pictures with the sizes that its rows get there.</summary>
    public static IReadOnlyList<GenerationRequest> Of(GenerationRequest request, StableDiffusionModel model)
    {
        int count = request.Images.Count;
        if (count == 1 || request.GuidanceScale <= 1 || request.SizeConditions is not { NegativeOriginalSize: { } from, NegativeTargetSize: { } to } sizes)
        {
            return [request];
        }

        var (width, height) = DrawnSize.Of(request, model);
        var size = (height, width);
        var positive = (Original: sizes.OriginalSize ?? size, Crop: sizes.CropsCoordsTopLeft, Target: sizes.TargetSize ?? size);
        var negative = (Original: from, Crop: sizes.NegativeCropsCoordsTopLeft, Target: to);
        return [.. Enumerable.Range(0, count).Select(image =>
        {
            var (ofNegative, ofPositive) = (Row(image), Row(count + image));
            return request with
            {
                Images = [request.Images[image]],
                SizeConditions = new SizeConditions
                {
                    OriginalSize = ofPositive.Original,
                    CropsCoordsTopLeft = ofPositive.Crop,
                    TargetSize = ofPositive.Target,
                    NegativeOriginalSize = ofNegative.Original,
                    NegativeCropsCoordsTopLeft = ofNegative.Crop,
                    NegativeTargetSize = ofNegative.Target,
                },
            };
        })];

        ((int, int) Original, (int, int) Crop, (int, int) Target) Row(int row) => row % 2 == 0 ? negative : positive;
    }
}
