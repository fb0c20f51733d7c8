using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>News of a picture on its way.</summary>
/// <param name="Image">Index into the request's images.</param>
/// <param name="Step">Calls of the network done, from 1, over all passes.</param>
/// <param name="Steps">Calls in all: fewer than the steps with <see cref="ImageToImage.Strength"/>, more with second-order samplers and a second pass.</param>
/// <param name="Latents">(1, C, h, w) after the step, single precision on the model's device; gone when the callback returns.</param>
public readonly record struct DenoisingStep(int Image, int Step, int Steps, Tensor Latents);
