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
    private readonly HashSet<string> inherited = [];

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

        return [.. runs.Select((run, index) => new RunFields(run ?? new BatchRun(), $"runs[{index}].").Inherit(request))];
    }

    /// <summary>Where a field stands in the request.</summary>
    public string PathOf(string field) => inherited.Contains(FieldTable.Root(field)) ? field : prefix + field;

    private RunFields Inherit(BatchRequest request)
    {
        HashSet<string> own = [.. FieldTable.Given(Fields), .. Fields.Zip?.Keys ?? Enumerable.Empty<string>(), .. Fields.Product?.Keys ?? Enumerable.Empty<string>()];
        HashSet<string> displaced = [.. own, .. Displaced.Where(field => own.Contains(field.Field)).SelectMany(field => field.Instead)];
        foreach (var field in FieldTable.OfRun)
        {
            if (!displaced.Contains(field.Name) && field.Get!(request) is { } value)
            {
                field.Set!(Fields, value);
                inherited.Add(field.Name);
            }
        }

        return this;
    }
}
