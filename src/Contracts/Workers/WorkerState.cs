namespace StableDiffusion.Contracts.Workers;

/// <summary>How a worker stands, as the farm sees it.</summary>
public enum WorkerState
{
    /// <summary>It waits for work.</summary>
    Idle,

    /// <summary>It draws.</summary>
    Busy,

    /// <summary>It finishes what it has and gets nothing new.</summary>
    Draining,

    /// <summary>It has nothing in hand and gets nothing.</summary>
    Paused,

    /// <summary>It left, or was not heard of for the length of a lease.</summary>
    Lost,
}
