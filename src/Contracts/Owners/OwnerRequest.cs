using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Owners;

/// <summary>An owner to be, or what to change of one: a field that is left out stays as it is, and null takes a limit away.</summary>
public sealed record OwnerRequest
{
    private readonly HashSet<string> given = [];

    /// <summary>As people know it, 1 to 100 characters; no other owner has it.</summary>
    public string? Name { get; init => field = Given(nameof(Name), value); }

    /// <summary>0.01 … 1000, 1 by default: the owner's share of the fleet beside others who wait.</summary>
    [Range(0.01, 1000.0)]
    public double? Weight { get; init => field = Given(nameof(Weight), value); }

    /// <summary>Most images that may be on their way at once; null for no limit.</summary>
    [Range(0, int.MaxValue)]
    public int? MaxWaiting { get; init => field = Given(nameof(MaxWaiting), value); }

    /// <summary>Most images accepted on one day (UTC); null for no limit.</summary>
    [Range(0, int.MaxValue)]
    public int? MaxImagesPerDay { get; init => field = Given(nameof(MaxImagesPerDay), value); }

    /// <summary>Highest priority of the owner's batches; null for any.</summary>
    [Range(int.MinValue, int.MaxValue)]
    public int? MaxPriority { get; init => field = Given(nameof(MaxPriority), value); }

    /// <summary>Most requests a minute, with all of the owner's keys; null for the farm's own limit.</summary>
    [Range(1, 1_000_000)]
    public int? MaxRequestsPerMinute { get; init => field = Given(nameof(MaxRequestsPerMinute), value); }

    /// <summary>Whether the request has the field, be it null.</summary>
    /// <param name="property">The property's name.</param>
    public bool Has(string property) => given.Contains(property);

    private T Given<T>(string property, T value)
    {
        given.Add(property);
        return value;
    }
}
