namespace StableDiffusion.Contracts.Workers;

/// <summary>What a worker is at.</summary>
public enum WorkerActivity
{
    /// <summary>It waits for work.</summary>
    Idle,

    /// <summary>It draws.</summary>
    Busy,

    /// <summary>It finishes what it has and takes nothing new.</summary>
    Draining,

    /// <summary>It has nothing in hand and takes nothing until told to resume.</summary>
    Paused,
}
