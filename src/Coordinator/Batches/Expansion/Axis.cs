namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>One of the directions in which a run's images differ: a list of <c>product</c>, the lists of <c>zip</c>, or the prompts. Rows whose settings are
/// the same, prompts and seed aside, are one <em>kind</em>, so that what takes time is done once a kind.</summary>
internal sealed class Axis
{
    private static readonly HashSet<string> Texts = ["prompt", "negative_prompt", "prompt_2", "negative_prompt_2"];
    private readonly List<int> kindOf = [];
    private readonly List<int> firstOf = [];
    private readonly List<int> countOf = [];

    /// <summary>An axis of lists that are as long as each other.</summary>
    /// <param name="path">Where they stand in the request.</param>
    /// <param name="fields">The lists.</param>
    public Axis(string path, params IReadOnlyList<ListedField> fields)
    {
        (Path, Fields, Length) = (path, fields, fields[0].Values.Count);
        Settings = [.. fields.Where(field => field.Name != "seed" && !IsText(field))];
        OfTexts = [.. fields.Where(IsText)];
        Seed = fields.SingleOrDefault(field => field.Name == "seed");
        Sort();
    }

    /// <summary>Where it stands in the request.</summary>
    public string Path { get; }

    /// <summary>Rows.</summary>
    public int Length { get; }

    /// <summary>All of its lists.</summary>
    public IReadOnlyList<ListedField> Fields { get; }

    /// <summary>Those that make kinds.</summary>
    public IReadOnlyList<ListedField> Settings { get; }

    /// <summary>Those of texts.</summary>
    public IReadOnlyList<ListedField> OfTexts { get; }

    /// <summary>That of seeds.</summary>
    public ListedField? Seed { get; }

    /// <summary>How many kinds.</summary>
    public int Kinds => firstOf.Count;

    /// <summary>How many texts: each row has its own, or none.</summary>
    public int TextCount => OfTexts.Count == 0 ? 1 : Length;

    /// <summary>A row's kind.</summary>
    public int KindOf(int row) => kindOf[row];

    /// <summary>A row's text.</summary>
    public int TextOf(int row) => OfTexts.Count == 0 ? 0 : row;

    /// <summary>The first row of a kind.</summary>
    public int FirstOf(int kind) => firstOf[kind];

    /// <summary>Rows of a kind.</summary>
    public int CountOf(int kind) => countOf[kind];

    private static bool IsText(ListedField field) => Texts.Contains(field.Name);

    private void Sort()
    {
        var known = new Dictionary<string, int>();
        for (var row = 0; row < Length; row++)
        {
            var key = Settings.Count == 0 ? "" : string.Join('\n', Settings.Select(field => Key(field, row)));
            if (!known.TryGetValue(key, out var kind))
            {
                known[key] = kind = firstOf.Count;
                firstOf.Add(row);
                countOf.Add(0);
            }

            kindOf.Add(kind);
            countOf[kind]++;
        }
    }

    private static string Key(ListedField field, int row) => field.Values[row] switch
    {
        null => "",
        string text => $"\"{text}",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        var value => System.Text.Json.JsonSerializer.Serialize(value, field.Field.PropertyType, FieldTable.Json), // a list of LoRAs
    };
}
