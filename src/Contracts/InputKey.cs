namespace StableDiffusion.Contracts;

/// <summary>Where pictures that came with a request lie in the object store. Settings name them by their content's hash.</summary>
public static class InputKey
{
    /// <summary>The folder of them all.</summary>
    public const string Prefix = "inputs/";

    /// <summary>"inputs/SHA256.png".</summary>
    /// <param name="sha256">Of the PNG, lower-case hex.</param>
    public static string Of(string sha256) => $"{Prefix}{sha256}.png";
}
