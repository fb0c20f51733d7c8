using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using StableDiffusion.Coordinator.Batches;

namespace StableDiffusion.Coordinator.Events;

/// <summary>What a request for a stream may say.</summary>
internal sealed record EventQuery
{
    [FromHeader(Name = "Last-Event-ID"), Description("The last event that was received: the stream goes on after it.")]
    public string? LastEventId { get; init; }

    [FromQuery(Name = "after"), Description("The same, for who cannot send headers.")]
    public string? After { get; init; }

    [FromQuery(Name = "types"), Description("Kinds of events, separated by commas: batch.finished,images.failed. All by default, but for images.progressed of more than one batch.")]
    public string? Types { get; init; }

    [FromQuery(Name = "until"), Description("\"finished\": a batch's stream ends when the batch is finished and all is told.")]
    public string? Until { get; init; }

    [FromQuery(Name = "previews"), Description("\"inline\": images.progressed brings what the images look like so far, as PNG in base64, if the batch asked for live_previews.")]
    public string? Previews { get; init; }

    /// <summary>Where to go on; null when it does not say.</summary>
    public EventPosition? Position(RequestErrors errors)
    {
        var (field, text) = string.IsNullOrEmpty(LastEventId) ? ("after", After) : ("Last-Event-ID", LastEventId);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (EventPosition.TryParse(text, out var position))
        {
            return position;
        }

        errors.Add(field, "This is no event's id: send one as the stream gave it, like 1234-56, or none.");
        return null;
    }

    /// <summary>What to hear, of the whole farm.</summary>
    /// <param name="ofOneBatch">Whether it will be of one batch.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public EventFilter Filter(bool ofOneBatch, RequestErrors errors)
    {
        string[] known = [.. EventTypes.All, EventTypes.ImagesProgressed];
        var types = Types?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        if (types?.Except(known).FirstOrDefault() is { } unknown)
        {
            errors.Add("types", $"\"{unknown}\" is no kind of event: give some of {string.Join(", ", known)}.");
        }

        if (Previews is not (null or "inline"))
        {
            errors.Add("previews", "Give \"inline\", or leave it out to get their addresses.");
        }

        if (Until is not null && (Until != "finished" || !ofOneBatch))
        {
            errors.Add("until", ofOneBatch ? "Give \"finished\", or leave it out." : "The stream of all batches has no end: leave it out.");
        }

        if (Until is not null)
        {
            types?.Add(EventTypes.BatchFinished);
        }

        if (ofOneBatch)
        {
            types?.Add(EventTypes.BatchDeleted); // after which nothing comes
        }

        return new EventFilter { Types = types, Progress = types?.Contains(EventTypes.ImagesProgressed) ?? ofOneBatch, InlinePreviews = Previews is not null };
    }
}
