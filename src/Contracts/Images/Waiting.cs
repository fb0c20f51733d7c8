namespace StableDiffusion.Contracts.Images;

/// <summary>Why an image waits.</summary>
public sealed record Waiting
{
    /// <summary>What for.</summary>
    public required WaitingReason Reason { get; init; }

    /// <summary>The same in a sentence, with what can be done about it.</summary>
    public required string Message { get; init; }

    /// <summary>Its place among those that wait for its model: 1 is next. Absent where no order will bring its turn. Beside other owners' images of
    /// the same priority an estimate: who is served next depends on what each was served before.</summary>
    public long? Position { get; init; }

    /// <summary>Seconds until it is begun, from how long images of its model took lately and how many workers hold it; absent where that
    /// cannot be told.</summary>
    public double? EtaSeconds { get; init; }
}
