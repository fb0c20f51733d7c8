using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Events;

/// <summary>How events are told and how long they are kept; section "Events".</summary>
public sealed class EventOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Events";

    /// <summary>How long a stream can be resumed and a webhook may be behind, 1 h … 365 d; 3 d by default.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00", ErrorMessage = "Events:KeepFor must be 01:00:00 to 365.00:00:00.")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(3);

    /// <summary>How often the database is asked for new events while somebody listens, 10 ms … 10 s; 100 ms by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10", ErrorMessage = "Events:PollEvery must be 00:00:00.010 to 00:00:10.")]
    public TimeSpan PollEvery { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often images that got further are told, 100 ms … 1 min; 1 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Events:ProgressEvery must be 00:00:00.100 to 00:01:00.")]
    public TimeSpan ProgressEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stream is silent at most, so that no proxy takes it for dead, 10 ms … 5 min; 15 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00", ErrorMessage = "Events:Heartbeat must be 00:00:00.010 to 00:05:00.")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Events that wait for a slow listener before its stream is ended, 1 … 100,000; 1,000 by default.</summary>
    [Range(1, 100_000, ErrorMessage = "Events:Buffer must be 1 to 100000.")]
    public int Buffer { get; set; } = 1000;

    /// <summary>Most streams, and waits for a batch's end, that an owner may have open at one coordinator, 1 … 100,000; 100 by default.</summary>
    [Range(1, 100_000, ErrorMessage = "Events:MaxStreamsPerOwner must be 1 to 100000.")]
    public int MaxStreamsPerOwner { get; set; } = 100;
}
