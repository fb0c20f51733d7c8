using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator;

/// <summary>Where the database is; section "ConnectionStrings".</summary>
public sealed class DatabaseOptions
{
    /// <summary>Npgsql's connection string: "Host=127.0.0.1;Database=farm;Username=farm;Password=…".</summary>
    [Required(ErrorMessage = "ConnectionStrings:Farm is not set; give PostgreSQL's connection string, for example ConnectionStrings__Farm=\"Host=127.0.0.1;Database=farm;Username=farm\".")]
    public string Farm { get; set; } = "";
}
