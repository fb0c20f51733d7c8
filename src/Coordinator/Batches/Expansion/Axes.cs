using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Fields;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>The directions in which a run's images differ, the outermost first: its product's lists, its zip, its prompts. Seeds are innermost.</summary>
internal static class Axes
{
    /// <summary>Reads and checks a run's lists. Incomplete where there are errors.</summary>
    public static (IReadOnlyList<Axis> Axes, IReadOnlyList<long> Seeds) Of(RunFields run, BatchesOptions limits, RequestErrors errors)
    {
        var fields = run.Fields;
        var here = errors.At(run.PathOf);
        var product = ListedField.Read(fields.Product, run.PathOf("product"), limits.MaxImages, errors);
        var zip = ListedField.Read(fields.Zip, run.PathOf("zip"), limits.MaxImages, errors);
        CheckTwice(fields, product, zip, here);
        List<Axis> axes = [.. product.Select(list => new Axis(list.Path, list))];
        if (zip.Count > 0 && AreOfOneLength(run.PathOf("zip"), zip, errors))
        {
            axes.Add(new Axis(run.PathOf("zip"), zip));
        }

        if (fields.Product?.ContainsKey("prompt") != true && fields.Zip?.ContainsKey("prompt") != true && Prompts(run, here) is { } prompts)
        {
            axes.Add(prompts);
        }

        foreach (var texts in axes.SelectMany(axis => axis.OfTexts))
        {
            Fields.Prompts.CheckTexts(texts.At, texts.Values.Cast<string?>(), texts.Name == "prompt", limits.MaxPromptLength, errors);
        }

        foreach (var (name, text) in new[] { ("negative_prompt", fields.NegativePrompt), ("prompt_2", fields.Prompt2), ("negative_prompt_2", fields.NegativePrompt2) })
        {
            Fields.Prompts.CheckText(name, text ?? "", limits.MaxPromptLength, here);
        }

        return (axes, Seeds(fields, axes, limits, here, errors));
    }

    private static Axis? Prompts(RunFields run, RequestErrors errors)
    {
        var prompts = Fields.Prompts.Resolve(run.Fields, errors);
        return prompts.Count == 0 ? null
            : new Axis(run.PathOf("prompts"), new ListedField(FieldTable.OfImage["prompt"], run.PathOf(run.Fields.Prompt is null ? "prompts" : "prompt"), prompts)
            {
                IsSingle = run.Fields.Prompt is not null,
            });
    }

    // with a list of seeds: what is added to each
    private static IReadOnlyList<long> Seeds(BatchRun fields, List<Axis> axes, BatchesOptions limits, RequestErrors here, RequestErrors errors)
    {
        if (axes.Select(axis => axis.Seed).FirstOrDefault(list => list is not null) is not { } listed)
        {
            return Fields.Seeds.Resolve(fields, limits.MaxImages, here);
        }

        var count = Fields.Seeds.Count(fields, limits.MaxImages, here);
        foreach (var (row, seed) in listed.Values.Cast<long?>().Index())
        {
            Fields.Seeds.Check(listed.At(row), seed ?? -1, Math.Max(count, 1), errors);
        }

        return [.. Enumerable.Range(0, count).Select(number => (long)number)];
    }

    private static bool AreOfOneLength(string path, IReadOnlyList<ListedField> lists, RequestErrors errors)
    {
        if (lists.All(list => list.Values.Count == lists[0].Values.Count))
        {
            return true;
        }

        errors.Add(path, $"Its lists go together row by row, but {string.Join(", ", lists.Select(list => $"{list.Name} has {list.Values.Count}"))}: give all the same number of values.");
        return false;
    }

    private static void CheckTwice(BatchRun fields, IReadOnlyList<ListedField> product, IReadOnlyList<ListedField> zip, RequestErrors errors)
    {
        foreach (var list in product.IntersectBy(zip.Select(list => list.Name), list => list.Name))
        {
            errors.Add(list.Name, $"Both product and zip list it: leave it out of one.");
        }

        var given = FieldTable.Given(fields).ToHashSet();
        foreach (var list in product.Concat(zip))
        {
            foreach (var field in list.Name switch { "prompt" => ["prompt", "prompts"], "seed" => ["seed", "seeds"], var name => new[] { name } })
            {
                if (given.Contains(field))
                {
                    errors.Add(field, $"{list.Path} lists its values: leave one of them out.");
                }
            }
        }
    }
}
