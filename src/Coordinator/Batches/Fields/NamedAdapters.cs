using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>A request's LoRAs, embeddings and VAE: those that fields list and those that prompts name.</summary>
internal static class NamedAdapters
{
    private const double MostWeight = 10;

    /// <summary>The VAE in place of the model's own, or null.</summary>
    public static NamedFile? ResolveVae(string? name, Catalog catalog, RequestErrors errors) =>
        name is not null && Find("vae", AdapterKind.Vae, name, catalog, errors) is { } vae ? new NamedFile { Name = vae.Name, Hash = vae.Hash } : null;

    /// <summary>The LoRAs that all images take; null when there is none.</summary>
    public static IReadOnlyList<LoraSettings>? ResolveLoras(IReadOnlyList<LoraUse>? uses, Catalog catalog, RequestErrors errors)
    {
        List<LoraSettings> loras = [];
        foreach (var (index, use) in (uses ?? []).Index())
        {
            var field = $"loras[{index}]";
            if (use?.Name is not { Length: > 0 } name)
            {
                errors.Add($"{field}.name", $"Name a LoRA ({catalog.Known(AdapterKind.Lora)}).");
            }
            else
            {
                Add(loras, $"{field}.name", name, errors.Number($"{field}.weight", use.Weight, 1, -MostWeight, MostWeight), null, catalog, errors);
            }
        }

        return loras.Count == 0 ? null : loras;
    }

    /// <summary>The LoRAs of one prompt: those of all images, then those that it names. The same list where it names none.</summary>
    public static IReadOnlyList<LoraSettings>? WithTags(
        IReadOnlyList<LoraSettings>? ofAll, string field, string prompt, Catalog catalog, RequestErrors errors)
    {
        if (!prompt.Contains("<lora:", StringComparison.Ordinal) || LoraTags.Find(prompt) is not { Count: > 0 } tags)
        {
            return ofAll;
        }

        List<LoraSettings> loras = [.. ofAll ?? []];
        foreach (var tag in tags)
        {
            if (tag is not { Weight: { } weight, TextEncoderWeight: { } textWeight } || Math.Abs(weight) > MostWeight || Math.Abs(textWeight) > MostWeight)
            {
                errors.Add(field, $"The weight of <lora:{tag.Name}:…> must be a number from {-MostWeight} to {MostWeight}, like <lora:{tag.Name}:0.8>.");
            }
            else
            {
                Add(loras, field, tag.Name, weight, textWeight, catalog, errors);
            }
        }

        return loras;
    }

    /// <summary>The embeddings whose names stand in the texts, as words and in any letter case; null when none does.</summary>
    public static IReadOnlyList<NamedFile>? Embeddings(Catalog catalog, params ReadOnlySpan<string?> texts)
    {
        List<NamedFile> found = [];
        foreach (var adapter in catalog.Adapters)
        {
            if (adapter.Kind == AdapterKind.Embedding && IsNamed(adapter.Name, texts))
            {
                found.Add(new NamedFile { Name = adapter.Name, Hash = adapter.Hash });
            }
        }

        return found.Count == 0 ? null : found;
    }

    /// <summary>The adapter of a name; null, with an error that lists those that are known.</summary>
    public static AdapterDescription? Find(string field, AdapterKind kind, string name, Catalog catalog, RequestErrors errors)
    {
        var found = catalog.Find(kind, name);
        if (found is null)
        {
            var told = name.Length <= 100 ? name : name[..100] + "…";
            errors.Add(field, $"The farm has no {kind.File().Word()} \"{told}\" ({catalog.Known(kind)}): upload it with PUT /v1/files/{StateNames<AdapterKind>.Name(kind)}/NAME/content, or put it into a worker's {Folder(kind)} folder.");
        }

        return found;
    }

    private static void Add(List<LoraSettings> loras, string field, string name, double weight, double? textWeight, Catalog catalog, RequestErrors errors)
    {
        if (Find(field, AdapterKind.Lora, name, catalog, errors) is not { } lora)
        {
            return;
        }

        if (loras.Exists(other => other.Name == name))
        {
            errors.Add(field, $"The LoRA \"{name}\" is named twice: give it one weight.");
        }

        loras.Add(new LoraSettings { Name = lora.Name, Hash = lora.Hash, Weight = weight, TextEncoderWeight = textWeight == weight ? null : textWeight });
    }

    private static bool IsNamed(string name, ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            for (var at = -1; text is not null && (at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase)) >= 0;)
            {
                var end = at + name.Length;
                if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>A1111's.</summary>
    private static string Folder(AdapterKind kind) => kind switch
    {
        AdapterKind.Lora => "Lora",
        AdapterKind.Embedding => "embeddings",
        AdapterKind.Vae => "VAE",
        _ => "ControlNet",
    };
}
