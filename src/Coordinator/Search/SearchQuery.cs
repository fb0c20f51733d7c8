using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Search;

/// <summary>What lists are narrowed by; what is left out does not narrow. All that is given must hold.</summary>
internal sealed record SearchQuery
{
    [Description("Words of the prompt, as one types into a search box: all of them, \"a phrase\", -without.")]
    [FromQuery(Name = "q")]
    public string? Text { get; init; }

    [Description("The model's name.")]
    [FromQuery(Name = "model")]
    public string? Model { get; init; }

    [Description("An image's seed.")]
    [FromQuery(Name = "seed")]
    public long? Seed { get; init; }

    [Description("An image's state: queued, dispatched, rendering, succeeded, failed or cancelled.")]
    [FromQuery(Name = "state")]
    public string? State { get; init; }

    [Description("A tag of the batch.")]
    [FromQuery(Name = "tag")]
    public string? Tag { get; init; }

    [Description("Accepted at this time or later.")]
    [FromQuery(Name = "since")]
    public DateTimeOffset? Since { get; init; }

    [Description("Accepted before this time.")]
    [FromQuery(Name = "until")]
    public DateTimeOffset? Until { get; init; }

    [Description("The owner's name; for keys with the scope admin, others see their own alone.")]
    [FromQuery(Name = "owner")]
    public string? Owner { get; init; }

    /// <summary>The state; null when none is given or it is none.</summary>
    internal ImageState? ImageState => StateNames<ImageState>.Find(State);

    /// <summary>What is wrong with it: field → sentences. Empty when nothing is.</summary>
    internal Dictionary<string, string[]> Faults(int limit, int mostLimit)
    {
        var faults = new Dictionary<string, string[]>();
        if (limit < 1 || limit > mostLimit)
        {
            faults["limit"] = [$"{limit} is out of range: give 1 to {mostLimit}."];
        }

        if (State is not null && ImageState is null)
        {
            faults["state"] = [$"\"{State}\" is no state: give {StateNames<ImageState>.Words}."];
        }

        return faults;
    }

    /// <summary>As it stands in the next page's address.</summary>
    internal string Next(string path, string after, int limit)
    {
        var parts = new (string Name, object? Value)[]
        {
            ("q", Text), ("model", Model), ("seed", Seed), ("state", State), ("tag", Tag), ("since", Since?.ToString("O")), ("until", Until?.ToString("O")), ("owner", Owner),
        };
        return $"{path}?after={after}&limit={limit}" + string.Concat(parts.Where(part => part.Value is not null).Select(part => $"&{part.Name}={Uri.EscapeDataString($"{part.Value}")}"));
    }
}
