using MassTransit;
using Npgsql;

namespace StableDiffusion.Coordinator;

/// <summary>How consumers of reports meet trouble.</summary>
internal static class ReportRetries
{
    /// <summary>While the database is away a report waits for it, however long. Anything else is tried a few times more
    /// (two reports of one image may meet in a deadlock) and then kept in the endpoint's _error queue; the image's lease
    /// heals what the report would have said.</summary>
    public static void UseReportRetries(this IReceiveEndpointConfigurator endpoint)
    {
        endpoint.UseMessageRetry(retry =>
        {
            retry.Exponential(int.MaxValue, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200));
            retry.Handle<Exception>(IsDatabaseAway);
        });
        endpoint.UseMessageRetry(retry =>
        {
            retry.Intervals(50, 200, 1000);
            retry.Ignore<Exception>(IsDatabaseAway);
        });
    }

    /// <summary>True for failures that pass when the database comes back. EF wraps them in advice to retry; a server that
    /// stops or crashes says so on the connections it had (class 57P), which Npgsql does not count as transient.</summary>
    public static bool IsDatabaseAway(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } => false,
        PostgresException { SqlState: var state } when state.StartsWith("57P", StringComparison.Ordinal) => true,
        NpgsqlException { IsTransient: true } => true,
        { InnerException: { } inner } => IsDatabaseAway(inner),
        _ => false,
    };
}
