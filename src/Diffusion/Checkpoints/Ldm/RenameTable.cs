namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>
/// What the original LDM code calls the modules of one network, and what diffusers calls them. A pair stands for a module
/// with all that is in it, so names of modules and keys of their weights can be looked up alike.
/// </summary>
internal sealed class RenameTable
{
    private readonly Dictionary<string, string> diffusersOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> ldmOf = new(StringComparer.Ordinal);

    public void Add(string ldm, string diffusers)
    {
        diffusersOf.Add(ldm, diffusers);
        ldmOf.Add(diffusers, ldm);
    }

    /// <summary>Adds the parts of a module whose names differ inside too.</summary>
    public void Add(string ldm, string diffusers, IEnumerable<(string Ldm, string Diffusers)> parts)
    {
        foreach (var part in parts)
        {
            Add($"{ldm}.{part.Ldm}", $"{diffusers}.{part.Diffusers}");
        }
    }

    /// <summary>diffusers' name of an LDM module or weight, without a prefix such as <c>model.diffusion_model.</c>; null for
    /// what the network does not have.</summary>
    public string? ToDiffusers(string name) => Rename(name, diffusersOf);

    /// <summary>The LDM name of a diffusers module or weight; null for what the network does not have.</summary>
    public string? ToLdm(string name) => Rename(name, ldmOf);

    /// <summary>The longest run of leading parts that is in the table decides.</summary>
    private static string? Rename(string name, Dictionary<string, string> table)
    {
        for (var end = name.Length; end > 0; end = name.LastIndexOf('.', end - 1))
        {
            if (table.TryGetValue(name[..end], out var renamed))
            {
                return renamed + name[end..];
            }
        }

        return null;
    }
}
