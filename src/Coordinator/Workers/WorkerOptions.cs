using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>When a worker counts as alive; section "Workers".</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Workers";

    /// <summary>Silence after which a worker is lost, and what it had in hand is drawn elsewhere, 2 s … 1 h; 15 s by default, five of its beats.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00", ErrorMessage = "Workers:LiveFor must be 00:00:02 to 01:00:00.")]
    public TimeSpan LiveFor { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Silence after which a worker's row is removed, 1 min … 365 d; a day by default.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00", ErrorMessage = "Workers:ForgetAfter must be 00:01:00 to 365.00:00:00.")]
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Failures in a row after which a worker is set aside, where they are of more than one batch and of a kind that may pass elsewhere,
    /// 2 … 1,000; 8 by default.</summary>
    [Range(2, 1000, ErrorMessage = "Workers:MaxFailures must be 2 to 1000.")]
    public int MaxFailures { get; set; } = 8;

    /// <summary>Time for which a worker that was told to load a model is not told to load another, and no other worker to load the same, 1 s … 1 h;
    /// 1 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Workers:LoadPause must be 00:00:01 to 01:00:00.")]
    public TimeSpan LoadPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Wait for the workers that hold a model from which on an idle one is told to load it too, 1 s … 1 h; 30 s by default. A model that no worker
    /// holds is loaded at once.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Workers:LoadAfter must be 00:00:01 to 01:00:00.")]
    public TimeSpan LoadAfter { get; set; } = TimeSpan.FromSeconds(30);
}
