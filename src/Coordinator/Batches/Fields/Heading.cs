using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>What a request says of the batch besides its images.</summary>
internal static class Heading
{
    private const int MaxName = 200, MaxTags = 20, MaxTag = 50;

    /// <summary>Lowest and highest priority.</summary>
    public const int MaxPriority = 100;

    /// <summary>The batch's head, without its owner.</summary>
    public static BatchHead Resolve(BatchRequest request, DateTimeOffset now, RequestErrors errors)
    {
        Fields.Prompts.CheckText("name", request.Name ?? "", MaxName, errors);
        var tags = request.Tags ?? [];
        if (tags.Count > MaxTags)
        {
            errors.Add("tags", $"{tags.Count} tags are too many: give at most {MaxTags}.");
        }

        foreach (var (index, tag) in tags.Index().Take(MaxTags))
        {
            if (string.IsNullOrWhiteSpace(tag))
            {
                errors.Add($"tags[{index}]", "The tag is empty: leave it out.");
            }
            else
            {
                Fields.Prompts.CheckText($"tags[{index}]", tag, MaxTag, errors);
            }
        }

        if (request.Deadline is { } deadline && deadline <= now)
        {
            errors.Add("deadline", $"{deadline:O} has passed: give a time to come, or none.");
        }

        return new BatchHead
        {
            Name = string.IsNullOrWhiteSpace(request.Name) ? null : request.Name,
            Tags = [.. tags.Distinct()],
            Priority = errors.Whole("priority", request.Priority, 0, -MaxPriority, MaxPriority, " (higher goes first)"),
            Deadline = request.Deadline?.ToUniversalTime(),
            LivePreview = request.LivePreviews ?? false,
        };
    }
}
