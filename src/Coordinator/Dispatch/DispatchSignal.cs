namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Wakes the dispatcher: there may be work to publish.</summary>
public sealed class DispatchSignal : WakeSignal;
