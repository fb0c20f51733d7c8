namespace StableDiffusion.Diffusion.Pictures;

/// <summary>A text chunk of a PNG.</summary>
/// <param name="Keyword">1 to 79 Latin-1 characters; A1111 writes its settings under "parameters".</param>
/// <param name="Text">Any text without NUL; what Latin-1 holds is written as tEXt, the rest as iTXt.</param>
public sealed record PngText(string Keyword, string Text);
