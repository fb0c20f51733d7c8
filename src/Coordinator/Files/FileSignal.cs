namespace StableDiffusion.Coordinator.Files;

/// <summary>Wakes <see cref="FileWork"/>.</summary>
public sealed class FileSignal : WakeSignal;
