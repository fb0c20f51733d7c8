using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>Gathers images, their recipes and their prompts, each once.</summary>
internal sealed class BatchBuilder(Catalog catalog, RequestErrors errors)
{
    private readonly List<ResolvedRecipe> recipes = [];
    private readonly List<ResolvedPrompt> prompts = [];
    private readonly List<ResolvedImage> images = [];
    private readonly Dictionary<string, int> recipeOf = [];
    private readonly Dictionary<ResolvedPrompt, BuiltPrompt> promptOf = [];
    private readonly Dictionary<(ImageSettings, string), int> recipeOfNames = new(ByReference.Instance);

    /// <summary>A prompt, and what it names.</summary>
    /// <param name="Index">Its place.</param>
    /// <param name="Text">Its texts.</param>
    /// <param name="Names">LoRA tags and embeddings as one text; "" for none.</param>
    public sealed record BuiltPrompt(int Index, ResolvedPrompt Text, string Names);

    /// <summary>Adds texts, or finds them.</summary>
    public BuiltPrompt Prompt(ResolvedPrompt texts)
    {
        if (!promptOf.TryGetValue(texts, out var prompt))
        {
            var tags = texts.Text.Contains("<lora:", StringComparison.Ordinal) ? LoraTags.Find(texts.Text) : [];
            var embeddings = Embeddings(texts);
            promptOf[texts] = prompt = new BuiltPrompt(prompts.Count, texts, string.Join('\n', [.. tags.Select(tag => tag.ToString()), .. embeddings?.Select(file => file.Name) ?? []]));
            prompts.Add(texts);
        }

        return prompt;
    }

    /// <summary>Adds an image.</summary>
    /// <param name="settings">All but texts and seed, and what the texts name; the same object for images that have them in common.</param>
    /// <param name="prompt">Its texts.</param>
    /// <param name="promptField">Where the prompt stands in the request.</param>
    /// <param name="seed">Its seed.</param>
    /// <param name="origin">The image that it does again.</param>
    public void Add(ImageSettings settings, BuiltPrompt prompt, Func<string> promptField, long seed, Guid? origin = null)
    {
        if (!recipeOfNames.TryGetValue((settings, prompt.Names), out var recipe))
        {
            recipeOfNames[(settings, prompt.Names)] = recipe = Recipe(prompt.Names.Length == 0 ? settings : Named(settings, prompt.Text, promptField()));
        }

        images.Add(new ResolvedImage(recipe, prompt.Index, seed, origin));
    }

    /// <summary>All that was added.</summary>
    public ResolvedBatch Build(IReadOnlyList<InputPicture> inputs) => new(recipes, prompts, images, inputs);

    private ImageSettings Named(ImageSettings settings, ResolvedPrompt texts, string field) => settings with
    {
        Loras = settings.PromptSyntax == PromptSyntax.Plain ? settings.Loras : NamedAdapters.WithTags(settings.Loras, field, texts.Text, catalog, errors),
        Embeddings = Embeddings(texts),
    };

    private IReadOnlyList<NamedFile>? Embeddings(ResolvedPrompt texts) =>
        NamedAdapters.Embeddings(catalog, texts.Text, texts.Text2, texts.NegativeText, texts.NegativeText2);

    private int Recipe(ImageSettings settings)
    {
        var key = GroupKey.Of(settings);
        if (!recipeOf.TryGetValue(key, out var recipe))
        {
            recipeOf[key] = recipe = recipes.Count;
            recipes.Add(new ResolvedRecipe(settings, key));
        }

        return recipe;
    }

    // settings are compared as objects: by their fields it would take as long as writing them down
    private sealed class ByReference : IEqualityComparer<(ImageSettings Settings, string Names)>
    {
        public static ByReference Instance { get; } = new();

        public bool Equals((ImageSettings Settings, string Names) x, (ImageSettings Settings, string Names) y) => ReferenceEquals(x.Settings, y.Settings) && x.Names == y.Names;

        public int GetHashCode((ImageSettings Settings, string Names) obj) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj.Settings), obj.Names);
    }
}
