namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>A configuration that asks for what is not built, or whose fields do not fit together.</summary>
public sealed class UnsupportedConfigException : InvalidModelException
{
    internal UnsupportedConfigException(string file, string field, string value, string supported)
        : base(file, $"{file}: {field} is {value}; supported: {supported}.")
    {
        Field = field;
        Value = value;
    }

    internal UnsupportedConfigException(string file, string problem, Exception inner)
        : base(file, $"{file}: {problem}", inner)
    {
    }

    /// <summary>The field at fault, as the file names it, or null where the file as a whole is.</summary>
    public string? Field { get; }

    /// <summary>Its value, as the file has it.</summary>
    public string? Value { get; }

    /// <summary>What is missing, in a few words.</summary>
    internal string NotBuilt => Field is null ? Message : $"{Field} {Value} is not built";
}
