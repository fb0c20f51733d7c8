using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>How alike CLIP finds texts and pictures. The tensors belong to the caller's dispose scope.</summary>
/// <param name="LogitsPerImage">(pictures, texts): cosine similarities, scaled.</param>
/// <param name="TextEmbeds">(texts, projection_dim), of length 1.</param>
/// <param name="ImageEmbeds">(pictures, projection_dim), of length 1.</param>
public sealed record CLIPOutput(Tensor LogitsPerImage, Tensor TextEmbeds, Tensor ImageEmbeds);
