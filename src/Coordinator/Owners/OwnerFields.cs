using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Batches;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>Checks the fields of requests about owners and keys, and puts an owner's where they belong.</summary>
internal static class OwnerFields
{
    private const int LongestName = 100;
    private const double LeastWeight = 0.01;
    private const double MostWeight = 1000;
    private const int MostRequests = 1_000_000;

    public static RequestErrors Check(OwnerRequest request, bool isNew)
    {
        var errors = new RequestErrors();
        if (isNew || request.Has(nameof(OwnerRequest.Name)))
        {
            CheckName(request.Name, errors);
        }

        if (request.Has(nameof(OwnerRequest.Weight)) && request.Weight is not (>= LeastWeight and <= MostWeight))
        {
            errors.Add("weight", $"It is out of range: give {LeastWeight} to {MostWeight}.");
        }

        foreach (var (field, value) in new[] { ("max_waiting", request.MaxWaiting), ("max_images_per_day", request.MaxImagesPerDay) })
        {
            if (value < 0)
            {
                errors.Add(field, $"{value} is out of range: give 0 or more, or null for no limit.");
            }
        }

        if (request.MaxRequestsPerMinute is { } requests and not (>= 1 and <= MostRequests))
        {
            errors.Add("max_requests_per_minute", $"{requests} is out of range: give 1 to {MostRequests}, or null for the farm's own limit.");
        }

        return errors;
    }

    public static void CheckName(string? name, RequestErrors errors)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
        {
            errors.Add("name", $"Give a name of 1 to {LongestName} characters on one line.");
        }
    }

    /// <summary>Sets what the request has.</summary>
    public static void Set(Owner owner, OwnerRequest request)
    {
        owner.Name = request.Has(nameof(request.Name)) ? request.Name! : owner.Name;
        owner.Weight = request.Weight ?? owner.Weight;
        owner.MaxWaiting = request.Has(nameof(request.MaxWaiting)) ? request.MaxWaiting : owner.MaxWaiting;
        owner.MaxImagesPerDay = request.Has(nameof(request.MaxImagesPerDay)) ? request.MaxImagesPerDay : owner.MaxImagesPerDay;
        owner.MaxPriority = request.Has(nameof(request.MaxPriority)) ? request.MaxPriority : owner.MaxPriority;
        owner.MaxRequestsPerMinute = request.Has(nameof(request.MaxRequestsPerMinute)) ? request.MaxRequestsPerMinute : owner.MaxRequestsPerMinute;
    }
}
