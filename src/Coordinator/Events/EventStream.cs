using System.Runtime.CompilerServices;

namespace StableDiffusion.Coordinator.Events;

/// <summary>What a listener hears: what is stored from where it left off, and then what happens, without a gap between them.</summary>
internal sealed class EventStream(EventTail tail, IServiceScopeFactory scopes)
{
    /// <summary>Listens; what comes first says that it does. Ends when the listener is too slow; it can go on after the last event that it got.
    /// Ends, too, when the batch is deleted that it is about.</summary>
    /// <param name="filter">What.</param>
    /// <param name="after">After which event; null for from now on.</param>
    /// <param name="untilFinished">Whether it ends once <see cref="EventFilter.BatchId"/> is finished and all is told of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<StreamedEvent> ReadAsync(
        EventFilter filter, EventPosition? after, bool untilFinished, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (isFirst, isDeleted) = (true, false);
        if (after is not null)
        {
            // a long history first: meanwhile nothing waits for this listener
            await foreach (var row in ReadAsync(filter, after.Value, null, cancellationToken))
            {
                (after, isFirst, isDeleted) = (row.Position, false, EndsWith(row.Type, filter));
                yield return StreamedEvent.Of(row);
            }
        }

        using var subscription = await tail.SubscribeAsync(filter, cancellationToken);
        var begun = await subscription.Begun;
        await foreach (var row in ReadAsync(filter, after ?? begun, begun, cancellationToken))
        {
            (after, isFirst, isDeleted) = (row.Position, false, EndsWith(row.Type, filter));
            yield return StreamedEvent.Of(row);
        }

        after = after is { } ahead && ahead.IsAfter(begun) ? ahead : begun; // a coordinator that was ahead of this one may have told it
        if (isFirst)
        {
            yield return StreamedEvent.Start(after.Value);
        }

        if (isDeleted || (untilFinished && await IsOverAsync(filter, after.Value, cancellationToken)))
        {
            yield break;
        }

        await foreach (var told in subscription.ReadAllAsync(cancellationToken))
        {
            if (told.Position is { } position)
            {
                if (!position.IsAfter(after.Value))
                {
                    continue; // the history had it
                }

                after = position;
            }

            yield return told;
            // it may have been opened again since
            if (EndsWith(told.Type, filter)
                || (untilFinished && told.Type == EventTypes.BatchFinished && await IsOverAsync(filter, after.Value, cancellationToken)))
            {
                yield break;
            }
        }
    }

    private static bool EndsWith(string type, EventFilter filter) => type == EventTypes.BatchDeleted && filter.BatchId is not null;

    private async IAsyncEnumerable<FarmEvent> ReadAsync(
        EventFilter filter, EventPosition after, EventPosition? upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<FarmEvent> page;
        do
        {
            await using (var scope = scopes.CreateAsyncScope())
            {
                page = await scope.ServiceProvider.GetRequiredService<EventLog>().ReadAsync(filter, after, upTo, cancellationToken);
            }

            foreach (var row in page)
            {
                yield return row;
                after = row.Position;
            }
        }
        while (page.Count == EventLog.Page);
    }

    private async Task<bool> IsOverAsync(EventFilter filter, EventPosition told, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<EventLog>().IsOverAsync(filter.BatchId!.Value, told, cancellationToken);
    }
}
