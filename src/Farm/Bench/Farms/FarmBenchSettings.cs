namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>What can be measured by itself.</summary>
internal enum FarmBenchPart
{
    /// <summary>Raw rates of the servers, and images per second through the whole path.</summary>
    Rates,

    /// <summary>Of submissions, and from a submission to an idle farm to the start of its rendering.</summary>
    Latency,

    /// <summary>Acceptance of a large batch.</summary>
    Batch,

    /// <summary>Many workers that do nothing but report.</summary>
    Fleet,

    /// <summary>Many waiting images.</summary>
    Backlog,
}

/// <summary>What <c>./farm bench farm</c> measures, and how much of it.</summary>
internal sealed record FarmBenchSettings
{
    /// <summary>What to measure.</summary>
    public required IReadOnlyList<FarmBenchPart> Parts { get; init; }

    /// <summary>Images through the whole path.</summary>
    public required int Images { get; init; }

    /// <summary>Workers that render.</summary>
    public required int Workers { get; init; }

    /// <summary>Most images of one command to a worker.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Samples of each latency.</summary>
    public required int Samples { get; init; }

    /// <summary>Images of the large batch.</summary>
    public required int BatchImages { get; init; }

    /// <summary>Workers that only report.</summary>
    public required int Fleet { get; init; }

    /// <summary>Images that wait.</summary>
    public required int Waiting { get; init; }

    /// <summary>Where pictures, logs and temporary files go.</summary>
    public required string Folder { get; init; }
}
