using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>Who must show a key; section "Owners".</summary>
public sealed class OwnerOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Owners";

    /// <summary>Name of the setting, and of the environment variable, that may hold <see cref="AdminKey"/> as well.</summary>
    public const string AdminKeyVariable = "FARM_ADMIN_KEY";

    /// <summary>Whether requests need a key: auto (the default), on or off.</summary>
    [EnumDataType(typeof(AuthenticationMode), ErrorMessage = "Owners:Authentication must be auto, on or off.")]
    public AuthenticationMode Authentication { get; set; }

    /// <summary>The admin key, 24 characters or more without spaces. Unset: it is made at the first start.</summary>
    [RegularExpression(@"[\x21-\x7E]{24,200}", ErrorMessage = "Owners:AdminKey (or FARM_ADMIN_KEY) must be 24 to 200 characters of ASCII without spaces: openssl rand -hex 24.")]
    public string? AdminKey { get; set; }

    /// <summary>A file that holds the admin key (a mounted secret), or that the one which is made is written to, for its owner's eyes alone.
    /// Unset: the key that is made is shown in the log, once.</summary>
    public string? AdminKeyFile { get; set; }

    /// <summary>Name of the setting, and of the environment variable, that may hold <see cref="WatchKey"/> as well.</summary>
    public const string WatchKeyVariable = "FARM_WATCH_KEY";

    /// <summary>A key for what watches the farm, Prometheus and KEDA: it may look at metrics, workers and the scaling signal, and belongs to an owner of
    /// its own, so that it sees nobody's pictures. 24 characters or more without spaces. Unset: there is none.</summary>
    [RegularExpression(@"[\x21-\x7E]{24,200}", ErrorMessage = "Owners:WatchKey (or FARM_WATCH_KEY) must be 24 to 200 characters of ASCII without spaces: openssl rand -hex 24.")]
    public string? WatchKey { get; set; }

    /// <summary>Most requests a minute of an owner who has no limit of its own, 1 … 1,000,000; 6,000 by default. Each replica counts for itself.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Owners:RequestsPerMinute must be 1 to 1000000.")]
    public int RequestsPerMinute { get; set; } = 6_000;

    /// <summary>Most requests a minute with wrong keys from one address, 1 … 1,000,000; 30 by default.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Owners:FailuresPerMinute must be 1 to 1000000.")]
    public int FailuresPerMinute { get; set; } = 30;
}
