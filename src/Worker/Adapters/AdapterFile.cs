using StableDiffusion.Contracts.Adapters;

namespace StableDiffusion.Worker.Adapters;

/// <summary>An adapter on disk.</summary>
/// <param name="Description">What the farm is told of it.</param>
/// <param name="Path">A safetensors file, or a folder in diffusers' layout; absolute.</param>
public sealed record AdapterFile(AdapterDescription Description, string Path);
