using Npgsql;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Tests.EndToEnd;

namespace StableDiffusion.Farm.Tests.Deployment;

public sealed class BackupTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("backup-");
    private PostgresServer server = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Dump => Path.Combine(folder.FullName, "farm.dump");

    public async ValueTask InitializeAsync() => server = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task What_was_backed_up_stands_again_on_another_server_where_its_events_are_over_and_new_ones_are_told()
    {
        await SqlAsync(server, """
            CREATE TABLE events (transaction xid8 DEFAULT pg_current_xact_id(), id int);
            CREATE TABLE event_marks (name text PRIMARY KEY, transaction xid8, event_id bigint);
            CREATE TABLE webhooks (enabled boolean, since xid8);
            INSERT INTO events (id) VALUES (1);
            INSERT INTO events VALUES ('4000000000', 2), ('4000000001', 3), ('4000000002', 4);
            INSERT INTO event_marks VALUES ('removed', '1', 0), ('webhooks', '4000000001', 3);
            INSERT INTO webhooks VALUES (true, '4000000000');
            """);
        await RunAsync(server, "backup.sh");

        await using PostgresServer another = await StartAsync();
        await RunAsync(another, "restore.sh");

        Assert.Equal(4L, await SqlAsync(another, "SELECT count(*) FROM events WHERE transaction < pg_snapshot_xmin(pg_current_snapshot())"));
        // what webhooks were not told of yet, and what happens from now on, are still to come for them
        const string untold = """
            SELECT string_agg(e.id::text, ',' ORDER BY e.id) FROM events e, event_marks m, webhooks w
            WHERE m.name = 'webhooks' AND (e.transaction, e.id) > (m.transaction, m.event_id) AND e.transaction > w.since
            """;
        await SqlAsync(another, "INSERT INTO events (id) VALUES (5)");
        Assert.Equal("4,5", await SqlAsync(another, untold));
        Assert.Equal(5L, await SqlAsync(another, "SELECT count(*) FROM events e, event_marks m WHERE m.name = 'removed' AND (e.transaction, e.id) > (m.transaction, m.event_id)"));
        Assert.Equal("coordinator", await SqlAsync(another, "SELECT tableowner FROM pg_tables WHERE tablename = 'events'"));
        Assert.Equal(false, await SqlAsync(another, "SELECT has_database_privilege('public', 'farm', 'CONNECT')"));
    }

    [Fact]
    public async Task What_is_restored_takes_the_place_of_what_is_there_which_is_kept_beside_it()
    {
        await SqlAsync(server, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)");
        await RunAsync(server, "backup.sh");
        await SqlAsync(server, "INSERT INTO kept VALUES (2)");

        await RunAsync(server, "restore.sh");

        Assert.Equal(1L, await SqlAsync(server, "SELECT count(*) FROM kept"));
        Assert.Equal(1L, await SqlAsync(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'farm\\_before\\_%'"));
    }

    [Fact]
    public async Task A_file_that_was_cut_off_changes_nothing()
    {
        await SqlAsync(server, "CREATE TABLE kept (id int); INSERT INTO kept SELECT generate_series(1, 100000)");
        await RunAsync(server, "backup.sh");
        byte[] whole = await File.ReadAllBytesAsync(Dump, Cancelled);
        await File.WriteAllBytesAsync(Dump, whole[..(whole.Length / 2)], Cancelled);

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(server, "restore.sh"));

        Assert.Equal(100_000L, await SqlAsync(server, "SELECT count(*) FROM kept"));
    }

    [Fact]
    public async Task A_backup_overwrites_no_file_and_a_restore_no_database_that_is_in_use()
    {
        await File.WriteAllTextAsync(Dump, "an older one", Cancelled);
        var there = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(server, "backup.sh"));
        Assert.Contains("is there already", there.Message, StringComparison.Ordinal);
        Assert.Equal("an older one", await File.ReadAllTextAsync(Dump, Cancelled));

        await using NpgsqlDataSource farm = NpgsqlDataSource.Create(server.ConnectionString("farm"));
        await using NpgsqlConnection busy = await farm.OpenConnectionAsync(Cancelled);
        var open = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(server, "restore.sh"));
        Assert.Contains("stop the coordinators first", open.Message, StringComparison.Ordinal);
    }

    private static async Task<PostgresServer> StartAsync()
    {
        PostgresServer server = await PostgresServer.StartAsync(durable: false, Cancelled);
        await LeastRights.SetUpPostgresAsync(server, Cancelled);
        return server;
    }

    private Task<string> RunAsync(PostgresServer on, string script) => ServerProcess.RunAsync(
        "sh", [Path.Combine(Checkout.Root, "deploy", script), Dump], LeastRights.PostgresEnvironment(on), Cancelled);

    /// <summary>As the coordinator, whose the tables are then; the last statement's first value. Leaves no connection.</summary>
    private static async Task<object?> SqlAsync(PostgresServer on, string sql)
    {
        var connection = new NpgsqlConnectionStringBuilder(on.ConnectionString("farm")) { Username = "coordinator", Pooling = false };
        await using NpgsqlDataSource farm = NpgsqlDataSource.Create(connection);
        await using NpgsqlCommand command = farm.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancelled);
    }
}
