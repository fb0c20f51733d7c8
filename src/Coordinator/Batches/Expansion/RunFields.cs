using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>A run with what it takes from its request.</summary>
internal sealed class RunFields
{
    // where one of these is given, those that it takes the place of are not inherited
    private static readonly (string Field, string[] Instead)[] Displaced =
    [
        ("prompt", ["prompts"]), ("prompts", ["prompt"]), ("seed", ["seeds"]), ("seeds", ["seed", "n_iter"]), ("n_iter", ["seeds"]),
        ("hr_scale", ["hr_resize_x", "hr_resize_y"]), ("hr_resize_x", ["hr_scale"]), ("hr_resize_y", ["hr_scale"]),
    ];

    private readonly string prefix;
    private HashSet<string> inherited = [];

    private RunFields(BatchRun run, string prefix) => (Fields, this.prefix) = (run with { }, prefix);

    /// <summary>All that it says.</summary>
    public BatchRun Fields { get; }

    /// <summary>The request's runs; itself where it has none.</summary>
    public static IReadOnlyList<RunFields> Of(BatchRequest request, RequestErrors errors)
    {
        if (request.Runs is not { } runs)
        {
            return [new RunFields(request, "")];
        }

        if (runs.Count == 0)
        {
            errors.Add("runs", "The list is empty: give at least one run, or leave it out.");
        }

        return [.. runs.Select((run, index) => new RunFields(run ?? new BatchRun(), $"runs[{index}].").With(request))];
    }

    /// <summary>Where a field stands in the request.</summary>
    public string PathOf(string field) => inherited.Contains(FieldTable.Root(field)) ? field : prefix + field;

    /// <summary>The fields of an image as those of a run.</summary>
    public static BatchRun Copy(ImageFields fields)
    {
        var run = new BatchRun();
        foreach (var field in FieldTable.OfImage.Values)
        {
            field.Set!(run, field.Get!(fields));
        }

        return run;
    }

    /// <summary>Gives a run what it does not say itself, nor says otherwise.</summary>
    /// <returns>The names of what it was given.</returns>
    public static HashSet<string> Inherit(BatchRun run, BatchRun from)
    {
        HashSet<string> own = [.. FieldTable.Given(run), .. run.Zip?.Keys ?? Enumerable.Empty<string>(), .. run.Product?.Keys ?? Enumerable.Empty<string>()];
        HashSet<string> displaced = [.. own, .. Displaced.Where(field => own.Contains(field.Field)).SelectMany(field => field.Instead)];
        HashSet<string> inherited = [];
        foreach (var field in FieldTable.OfRun.Where(field => !displaced.Contains(field.Name)))
        {
            if (field.Get!(from) is { } value)
            {
                field.Set!(run, value);
                inherited.Add(field.Name);
            }
        }

        return inherited;
    }

    private RunFields With(BatchRequest request)
    {
        inherited = Inherit(Fields, request);
        return this;
    }
}
