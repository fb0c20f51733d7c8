using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>What PostgreSQL does in a second by itself, a transaction a row, with as many connections as pays.</summary>
internal static class RawPostgres
{
    private const int Connections = 16, Rows = 20_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    /// <summary>Rows inserted, and rows updated by their key, in a second. The table is removed again.</summary>
    public static async Task<(double Inserts, double Updates)> MeasureAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await ExecuteAsync(database, "CREATE TABLE raw (id int PRIMARY KEY, state text NOT NULL, worker text, at timestamptz NOT NULL DEFAULT now())", cancellationToken);
        var inserts = await RateAsync(database, "INSERT INTO raw (id, state) VALUES ($1, 'queued')", number => number, cancellationToken);
        await ExecuteAsync(database, $"INSERT INTO raw (id, state) SELECT number, 'queued' FROM generate_series(1, {Rows}) number ON CONFLICT DO NOTHING", cancellationToken);
        await ExecuteAsync(database, "ANALYZE raw", cancellationToken);
        var updates = await RateAsync(database, "UPDATE raw SET state = 'done', worker = 'one', at = now() WHERE id = $1", number => (number % Rows) + 1, cancellationToken);
        await ExecuteAsync(database, "DROP TABLE raw", cancellationToken);
        return (inserts, updates);
    }

    private static async Task<double> RateAsync(NpgsqlDataSource database, string sql, Func<int, int> idOf, CancellationToken cancellationToken)
    {
        var next = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(
            async () =>
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                await using var command = new NpgsqlCommand(sql, connection);
                var id = command.Parameters.Add(new NpgsqlParameter<int> { NpgsqlDbType = NpgsqlDbType.Integer });
                await command.PrepareAsync(cancellationToken);
                while (clock.Elapsed < Duration)
                {
                    ((NpgsqlParameter<int>)id).TypedValue = idOf(Interlocked.Increment(ref next));
                    await command.ExecuteNonQueryAsync(cancellationToken);
                }
            },
            cancellationToken)));
        return next / clock.Elapsed.TotalSeconds;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
