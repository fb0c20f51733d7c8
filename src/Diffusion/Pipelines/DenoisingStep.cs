using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>News of a picture on its way.</summary>
/// <param name="Image">Index into the request's images.</param>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Latents">(1, C, h, w) after the step, single precision on the model's device; gone when the callback returns.</param>
public readonly record struct DenoisingStep(int Image, int Step, int Steps, Tensor Latents);
