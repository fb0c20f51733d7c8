using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Events;

namespace StableDiffusion.Coordinator.Events;

/// <summary>An event as streams send it; made once for all listeners.</summary>
/// <param name="Position">Its place; null when it is not stored and cannot be resumed from.</param>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Json">An <see cref="EventResponse"/> in UTF-8, on one line; empty for a position alone.</param>
internal sealed record StreamedEvent(EventPosition? Position, string Type, byte[] Json)
{
    /// <summary>No event, but a place to resume from until there is one.</summary>
    public static StreamedEvent Start(EventPosition position) => new(position, "", []);

    /// <summary>The first that a listener hears whose position is none of this database's.</summary>
    public static StreamedEvent Restarted(EventPosition asked) => new(null, EventTypes.StreamRestarted, JsonSerializer.SerializeToUtf8Bytes(new StreamRestarted
    {
        Reason = $"There has been no event {asked} here: the farm's database was restored since. Read how things stand; the stream begins anew.",
    }, FarmJson.Options));

    /// <summary>A stored event.</summary>
    public static StreamedEvent Of(FarmEvent row) => Of(row.Position, row.Type, Response(row));

    /// <summary>Any event.</summary>
    public static StreamedEvent Of(EventPosition? position, string type, EventResponse response) =>
        new(position, type, JsonSerializer.SerializeToUtf8Bytes(response, FarmJson.Options));

    /// <summary>A stored event as the API tells it.</summary>
    public static EventResponse Response(FarmEvent row)
    {
        var data = JsonSerializer.Deserialize<StoredData>(row.Data, FarmJson.Options)!;
        return new EventResponse
        {
            BatchId = row.BatchId,
            At = row.At,
            ImageCount = data.ImageCount,
            Tags = data.Tags,
            Images = row.Type != EventTypes.ImagesSucceeded ? data.Images
                : data.Images?.Select(image => image with { ContentUrl = $"/v1/images/{image.Id}/content" }).ToList(),
        };
    }

    private sealed record StoredData(int? ImageCount, IReadOnlyList<string>? Tags, IReadOnlyList<EventImage>? Images);
}
