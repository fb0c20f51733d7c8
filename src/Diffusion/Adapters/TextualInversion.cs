using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>
/// A learnt word (Gal et al. 2022, An Image is Worth One Word): vectors that stand in a prompt, one after another, where its token
/// does. It owns them.
/// </summary>
public sealed class TextualInversion : IDisposable
{
    private readonly string path;

    internal TextualInversion(string path, string token, string name, Tensor clipL, Tensor? clipG)
    {
        this.path = path;
        (Token, Name, ClipL, ClipG) = (token, name, clipL, clipG);
    }

    /// <summary>What stands for it in a prompt.</summary>
    public string Token { get; }

    /// <summary>By what else A1111's prompts call it: the file's name without the extension, unless a token was given for it.</summary>
    public string Name { get; }

    /// <summary>How many tokens it takes in a prompt.</summary>
    public int Vectors => (int)ClipL.shape[0];

    /// <summary>(N, hidden_size), single precision on the CPU, for the text encoder, or SDXL's first.</summary>
    internal Tensor ClipL { get; }

    /// <summary>(N, hidden_size), for SDXL's second; null in files for other models.</summary>
    internal Tensor? ClipG { get; }

    /// <summary>Reads a safetensors file in diffusers' form, A1111's, or SDXL's.</summary>
    /// <param name="path">The file.</param>
    /// <param name="token">What is to stand for it; null is what the file says, or else the file's name.</param>
    /// <exception cref="InvalidModelException">It is missing, a pickle, damaged, or no embedding; the message says which.</exception>
    public static TextualInversion Load(string path, string? token = null) => TextualInversionFile.Read(path, token);

    /// <summary>Refuses a model whose text encoders take other vectors.</summary>
    /// <exception cref="TextualInversionException">It does not fit; the message names both sizes.</exception>
    public void CheckFits(StableDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if ((ClipG is not null) != model.IsXL)
        {
            throw new TextualInversionException(path, ClipG is null
                ? "it has vectors for one text encoder, and the model is an SDXL one with two; an SDXL embedding is needed"
                : "it has vectors for SDXL's two text encoders, and the model has one; an embedding for SD 1.x or 2.x is needed");
        }

        foreach (var (_, encoder) in model.TextEncoders)
        {
            CheckSize(For(encoder), encoder.Config, encoder == model.TextEncoder ? "text encoder" : "second text encoder");
        }

        int longest = model.TextEncoders[0].Tokenizer.ModelMaxLength - 2;
        if (Vectors > longest)
        {
            throw new TextualInversionException(path, $"it has {Vectors} vectors, and a prompt of this model has room for {longest}");
        }
    }

    /// <summary>The vectors for a text encoder of a model that it fits: (N, hidden_size).</summary>
    internal Tensor For(CLIPTextEncoder encoder) => encoder is CLIPTextModelWithProjection ? ClipG! : ClipL;

    /// <inheritdoc/>
    public void Dispose()
    {
        ClipL.Dispose();
        ClipG?.Dispose();
    }

    private void CheckSize(Tensor vectors, CLIPTextConfig encoder, string which)
    {
        if (vectors.shape[1] != encoder.HiddenSize)
        {
            throw new TextualInversionException(path, $"its vectors have {vectors.shape[1]} channels, and the model's {which} takes {encoder.HiddenSize}; it was made for another kind of model");
        }
    }
}
