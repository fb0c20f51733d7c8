using StableDiffusion.Diffusion.Networks.UNet;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Texts that the network is asked about at once: all of one length.</summary>
/// <param name="Texts">How many; each has a row for every picture of the group.</param>
/// <param name="StartsWithNegative">Whether the first of them is the negative prompt.</param>
/// <param name="Conditions">(Texts · B, …), text by text.</param>
internal sealed record NetworkCall(int Texts, bool StartsWithNegative, UNetConditions Conditions);
