using StableDiffusion.Contracts;
using StableDiffusion.Coordinator.Batches.Fields;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>A run and the images that it stands for: counted first, resolved then, and made last.</summary>
internal sealed class RunExpansion
{
    private readonly RunFields run;
    private readonly IReadOnlyList<Axis> axes;
    private readonly IReadOnlyList<long> seeds;
    private readonly List<ImageSettings> settings = [];
    private readonly Dictionary<long, BatchBuilder.BuiltPrompt> prompts = [];

    /// <summary>Reads a run's lists.</summary>
    public RunExpansion(RunFields run, BatchesOptions limits, RequestErrors errors)
    {
        this.run = run;
        (axes, seeds) = Axes.Of(run, limits, errors);
    }

    /// <summary>How many images; too large to be said is <see cref="long.MaxValue"/>.</summary>
    public long Images => axes.Aggregate((long)seeds.Count, (count, axis) => Times(count, axis.Length));

    /// <summary>How many kinds of them.</summary>
    public long Kinds => axes.Aggregate(1L, (count, axis) => Times(count, axis.Kinds));

    /// <summary>The field that makes them so many.</summary>
    public string Blamed => run.PathOf(
        run.Fields.Product is not null ? "product" : run.Fields.Zip is not null ? "zip"
        : run.Fields.Seeds is null && seeds.Count > axes.Sum(axis => axis.Length) ? "n_iter" : "prompts");

    /// <summary>In words: "1000 prompts with 200 seeds each".</summary>
    public string Counted => axes is [{ OfTexts: [{ Name: "prompt" }] } prompts] && run.Fields is { Product: null, Zip: null }
        ? $"{prompts.Length} prompts with {seeds.Count} seeds each"
        : $"{string.Join(" × ", axes.Select(axis => $"{axis.Length} of {axis.Path}").Append($"{seeds.Count} seeds"))}";

    /// <summary>Resolves each kind once.</summary>
    public IReadOnlyList<Variant> Resolve(RecipeResolver resolver, Catalog catalog, RequestInputs inputs, RequestErrors errors)
    {
        var variants = new List<Variant>();
        for (var kind = 0; kind < Kinds; kind++)
        {
            var kinds = new int[axes.Count];
            for (var (axis, rest) = (axes.Count - 1, kind); axis >= 0; rest /= axes[axis--].Kinds)
            {
                kinds[axis] = rest % axes[axis].Kinds;
            }

            var variant = new Variant(run, axes, kinds, seeds.Count);
            variants.Add(variant);
            settings.Add(resolver.Resolve(variant.Fields, catalog, variant.Images, inputs, errors.At(variant.PathOf)));
        }

        return variants;
    }

    /// <summary>Adds the images in order.</summary>
    public void AddTo(BatchBuilder batch) => Walk(batch, 0, 0, 0, 0, new int[axes.Count]);

    private static long Times(long count, int factor) => count > long.MaxValue / Math.Max(factor, 1) ? long.MaxValue : count * factor;

    private void Walk(BatchBuilder batch, int depth, int kind, long text, long first, int[] rows)
    {
        if (depth == axes.Count)
        {
            Add(batch, settings[kind], text, first, rows);
            return;
        }

        var axis = axes[depth];
        for (var row = 0; row < axis.Length; row++)
        {
            rows[depth] = row;
            Walk(
                batch, depth + 1, (kind * axis.Kinds) + axis.KindOf(row), (text * axis.TextCount) + axis.TextOf(row),
                axis.Seed is { } seed ? Seeds.Drawn((long?)seed.Values[row] ?? -1) : first, rows);
        }
    }

    private void Add(BatchBuilder batch, ImageSettings recipe, long text, long first, int[] rows)
    {
        if (!prompts.TryGetValue(text, out var prompt))
        {
            prompts[text] = prompt = batch.Prompt(new ResolvedPrompt(
                Text("prompt", null, rows)!, Text("negative_prompt", run.Fields.NegativePrompt, rows) ?? "",
                Text("prompt_2", run.Fields.Prompt2, rows), Text("negative_prompt_2", run.Fields.NegativePrompt2, rows)));
        }

        foreach (var seed in seeds)
        {
            batch.Add(recipe, prompt, () => PromptField(rows), first + seed);
        }
    }

    private string? Text(string name, string? otherwise, int[] rows) =>
        Find(name, rows) is ({ } list, var row) ? (string?)list.Values[row] : otherwise;

    private string PromptField(int[] rows) => Find("prompt", rows) is ({ } list, var row) ? list.At(row) : "prompt";

    private (ListedField? List, int Row) Find(string name, int[] rows)
    {
        for (var axis = 0; axis < axes.Count; axis++)
        {
            foreach (var list in axes[axis].OfTexts)
            {
                if (list.Name == name)
                {
                    return (list, rows[axis]);
                }
            }
        }

        return (null, 0);
    }
}
