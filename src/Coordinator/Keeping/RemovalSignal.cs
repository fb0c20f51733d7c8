namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Wakes the removal of objects.</summary>
public sealed class RemovalSignal : WakeSignal;
