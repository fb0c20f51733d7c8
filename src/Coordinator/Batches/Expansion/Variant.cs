using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>A kind of a run's images: one combination of the settings that its lists give.</summary>
internal sealed class Variant
{
    private readonly RunFields run;
    private readonly Dictionary<string, string> listed = [];

    /// <summary>The combination of a kind of each axis.</summary>
    public Variant(RunFields run, IReadOnlyList<Axis> axes, ReadOnlySpan<int> kinds, int seeds)
    {
        this.run = run;
        var images = (long)seeds;
        Fields = run.Fields with { };
        for (var axis = 0; axis < axes.Count; axis++)
        {
            images *= axes[axis].CountOf(kinds[axis]);
            foreach (var list in axes[axis].Settings)
            {
                var row = axes[axis].FirstOf(kinds[axis]);
                list.Field.Set!(Fields, list.Values[row]);
                listed[list.Name] = list.At(row);
            }

            // whether there may be such texts depends on the settings
            foreach (var list in axes[axis].OfTexts.Where(list => list.Name is "prompt_2" or "negative_prompt_2"))
            {
                list.Field.Set!(Fields, list.Values.FirstOrDefault(text => text is not null));
                listed[list.Name] = list.Path;
            }
        }

        Images = (int)Math.Min(images, int.MaxValue);
    }

    /// <summary>What is said of these images.</summary>
    public BatchRun Fields { get; }

    /// <summary>How many they are.</summary>
    public int Images { get; }

    /// <summary>Where a field stands in the request.</summary>
    public string PathOf(string field)
    {
        var root = FieldTable.Root(field);
        return listed.TryGetValue(root, out var path) ? path + field[root.Length..] : run.PathOf(field);
    }

    /// <summary>Whether what stands at a path of the request says something of these images.</summary>
    public bool IsGiven(string path) => FieldTable.Given(Fields).Any(field => PathOf(field) == path);
}
