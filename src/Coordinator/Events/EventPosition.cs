using System.Globalization;

namespace StableDiffusion.Coordinator.Events;

/// <summary>A place in the order of events, written "transaction-id"; a stream's id of an event, which a client sends back as
/// Last-Event-ID.</summary>
/// <param name="Transaction">The transaction that wrote the event.</param>
/// <param name="Id">Its place within it; 0 is before the first.</param>
internal readonly record struct EventPosition(ulong Transaction, long Id)
{
    /// <summary>Whether it comes later.</summary>
    public bool IsAfter(EventPosition other) => Transaction > other.Transaction || (Transaction == other.Transaction && Id > other.Id);

    /// <summary>Reads what <see cref="ToString"/> writes; false when it is nothing of the kind.</summary>
    public static bool TryParse(string? text, out EventPosition position)
    {
        position = default;
        if (text?.Split('-') is not [var transaction, var id]
            || !ulong.TryParse(transaction, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var second))
        {
            return false;
        }

        position = new EventPosition(first, second);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Transaction}-{Id}");
}
