using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace StableDiffusion.Coordinator;

/// <summary>Where the database is; section "ConnectionStrings".</summary>
public sealed class DatabaseOptions
{
    /// <summary>Npgsql's connection string: "Host=127.0.0.1;Database=farm;Username=farm;Password=…".</summary>
    [Required(ErrorMessage = "ConnectionStrings:Farm is not set; give PostgreSQL's connection string, for example ConnectionStrings__Farm=\"Host=127.0.0.1;Database=farm;Username=farm\".")]
    public string Farm { get; set; } = "";

    /// <summary>The same, with what this coordinator's statements are best served by where it says nothing of that: they are few and come again and again, so
    /// they are prepared; and none leaves a session otherwise than it found it, so nothing is reset.</summary>
    internal string Tuned()
    {
        var connection = new NpgsqlConnectionStringBuilder(Farm);
        if (!connection.ShouldSerialize("Max Auto Prepare"))
        {
            connection.MaxAutoPrepare = 200;
        }

        if (!connection.ShouldSerialize("No Reset On Close"))
        {
            connection.NoResetOnClose = true;
        }

        connection.Options ??= "-c idle_in_transaction_session_timeout=60s"; // one that is frozen within a transaction must not keep others from its rows for ever
        return connection.ConnectionString;
    }
}
