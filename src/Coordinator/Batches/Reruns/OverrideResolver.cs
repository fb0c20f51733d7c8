using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Expansion;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Reruns;

/// <summary>Resolves stored images anew with some fields in place of their own. What is not overridden stays what it was: files keep the hashes that they
/// were resolved to, and embeddings that came later are not found in old prompts.</summary>
internal sealed class OverrideResolver(RecipeResolver recipes, CatalogReader catalogs, InputStore inputs, IOptions<BatchesOptions> options, IOptions<InputOptions> inputOptions)
{
    private const string Field = "overrides";

    /// <summary>The images in order; none when <paramref name="errors"/> is not empty.</summary>
    public async Task<ResolvedBatch> ResolveAsync(ResolvedBatch origin, ImageFields overrides, RequestErrors errors, CancellationToken cancellationToken)
    {
        var here = errors.At(field => $"{Field}.{field}");
        var given = RunFields.Copy(overrides);
        HashSet<string> names = [.. FieldTable.Given(given)];
        CheckTexts(overrides, here);
        var catalog = Pinned(origin, await catalogs.ReadAsync(new BatchRequest { Model = overrides.Model, Runs = [] }, cancellationToken), names);
        var pictures = new RequestInputs(inputOptions.Value);
        var stored = await StoredAsync(origin, pictures, here, cancellationToken);
        if (!errors.IsEmpty)
        {
            return ResolvedBatch.None;
        }

        Dictionary<(int Recipe, string Tags), ImageSettings> settingsOf = [];
        var counts = origin.Images.CountBy(KindOf).ToDictionary();
        foreach (var (kind, count) in counts)
        {
            var own = SettingsAsFields.Of(origin.Recipes[kind.Recipe].Settings, kind.Tags, hash => stored[hash]);
            settingsOf[kind] = recipes.Resolve(Merged(given, own, names), catalog, count, pictures, here);
        }

        // of the origin's own fields any may have lost what it belonged to
        errors.AddIdle(path => names.Contains(FieldTable.Root(path[(Field.Length + 1)..])) ? counts.Count : -1);
        if (!errors.IsEmpty)
        {
            return ResolvedBatch.None;
        }

        var batch = new BatchBuilder(catalog, here);
        foreach (var image in origin.Images)
        {
            var texts = origin.Prompts[image.Prompt];
            var prompt = batch.Prompt(new ResolvedPrompt(
                overrides.Prompt ?? texts.Text, overrides.NegativePrompt ?? texts.NegativeText, overrides.Prompt2 ?? texts.Text2, overrides.NegativePrompt2 ?? texts.NegativeText2));
            batch.Add(settingsOf[KindOf(image)], prompt, () => "prompt", overrides.Seed is { } seed ? Seeds.Drawn(seed) : image.Seed, image.OriginId);
        }

        return errors.IsEmpty ? batch.Build(pictures.Pictures) : ResolvedBatch.None;

        // images of one recipe whose prompts name the same LoRAs
        (int Recipe, string Tags) KindOf(ResolvedImage image) => (image.Recipe, string.Concat(LoraTags.Find(origin.Prompts[image.Prompt].Text).Select(tag => $"<lora:{tag.Name}>")));
    }

    private static BatchRun Merged(BatchRun given, BatchRun own, HashSet<string> names)
    {
        // the schedule went with the sampler, and the class with the model's workers
        own = own with { Scheduler = names.Contains("sampler_name") ? null : own.Scheduler, BatchClass = names.Contains("model") ? null : own.BatchClass };
        own = own.InpaintFullRes == true && given.InpaintFullRes != false || given.InpaintFullRes == true ? own : own with { InpaintFullResPadding = null };
        var merged = given with { };
        RunFields.Inherit(merged, own);
        return merged;
    }

    private static Catalog Pinned(ResolvedBatch origin, Catalog catalog, HashSet<string> names)
    {
        List<AdapterDescription> pinned = [];
        foreach (var settings in origin.Recipes.Select(recipe => recipe.Settings))
        {
            Pin(AdapterKind.Lora, "loras", settings.Loras?.Select(lora => (lora.Name, lora.Hash)));
            Pin(AdapterKind.Vae, "vae", settings.Vae is { } vae ? [(vae.Name, vae.Hash)] : null);
            Pin(AdapterKind.Controlnet, "controlnet_units", settings.ControlNets?.Select(unit => (unit.Model, unit.Hash)));
            Pin(AdapterKind.Embedding, "prompt", settings.Embeddings?.Select(file => (file.Name, file.Hash)));
        }

        var sameTexts = !names.Overlaps(["prompt", "negative_prompt", "prompt_2", "negative_prompt_2"]);
        var others = catalog.Adapters.Where(adapter => !(sameTexts && adapter.Kind == AdapterKind.Embedding)
            && !pinned.Exists(pin => pin.Kind == adapter.Kind && pin.Name == adapter.Name));
        return catalog with { Adapters = [.. pinned, .. others] };

        void Pin(AdapterKind kind, string field, IEnumerable<(string Name, string Hash)>? files)
        {
            foreach (var (name, hash) in names.Contains(field) ? [] : files ?? [])
            {
                if (!pinned.Exists(pin => pin.Kind == kind && pin.Name == name))
                {
                    pinned.Add(new AdapterDescription { Kind = kind, Name = name, Hash = hash });
                }
            }
        }
    }

    private void CheckTexts(ImageFields overrides, RequestErrors errors)
    {
        if (overrides.Prompt is { } prompt)
        {
            Prompts.CheckTexts(_ => "prompt", [prompt], arePrompts: true, options.Value.MaxPromptLength, errors);
        }

        foreach (var (name, text) in new[] { ("negative_prompt", overrides.NegativePrompt), ("prompt_2", overrides.Prompt2), ("negative_prompt_2", overrides.NegativePrompt2) })
        {
            Prompts.CheckText(name, text ?? "", options.Value.MaxPromptLength, errors);
        }

        Seeds.Check("seed", overrides.Seed ?? -1, 1, errors);
    }

    /// <summary>A text for each picture that the origin has, which <paramref name="pictures"/> knows.</summary>
    private async Task<Dictionary<string, string>> StoredAsync(ResolvedBatch origin, RequestInputs pictures, RequestErrors errors, CancellationToken cancellationToken)
    {
        Dictionary<string, string> texts = [];
        foreach (var hash in origin.Recipes.SelectMany(recipe => recipe.Settings.Inputs()).Distinct())
        {
            texts[hash] = new string(hash); // an object of its own, which no request can name
            if (await inputs.FindAsync(hash, cancellationToken) is { } picture)
            {
                pictures.Know(texts[hash], picture);
            }
            else
            {
                errors.Add("init_images", $"The origin's picture {hash} is no longer stored: give one, or leave the overrides out.");
            }
        }

        return texts;
    }
}
