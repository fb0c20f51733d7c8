namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>A JSON file of a model folder: a record of the fields that matter here, and what the remaining fields may say.</summary>
public interface ICheckedConfig
{
    /// <summary>
    /// Fields that may hold certain values only, as JSON text; a list's items are each held against them. A field that the
    /// file leaves out has its default, which is supported.
    /// </summary>
    static abstract IReadOnlyDictionary<string, string[]> Supported { get; }

    /// <summary>Fields that do not fit together: the field, its value and the rule it breaks.</summary>
    IEnumerable<(string Field, string Value, string Rule)> Contradictions();
}
