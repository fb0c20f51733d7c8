using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>Why no worker at all draws images of a model.</summary>
public static class MissingWorker
{
    private const int Named = 3;

    /// <summary>The reason, or null where a worker that takes work holds the model.</summary>
    public static Waiting? Explain(string model, FleetFacts fleet)
    {
        var holders = fleet.Workers.Where(worker => worker.Models.Contains(model)).ToList();
        if (holders.Any(worker => fleet.Taking.Contains(worker.Id)))
        {
            return null;
        }

        if (fleet.Workers.FirstOrDefault(worker => fleet.Taking.Contains(worker.Id) && worker.CanHold.Contains(model)) is { } able)
        {
            return Because(WaitingReason.Loading, $"No worker that takes work holds the model \"{model}\" yet; worker {able.Id} can, and is told to load it.");
        }

        if (holders.Count > 0)
        {
            return Because(WaitingReason.WorkersPaused, $"No worker that holds the model \"{model}\" takes work: {Listed(holders.ConvertAll(Standing))}. Resume one.");
        }

        if (fleet.Workers.FirstOrDefault(worker => worker.Loading) is { } loading)
        {
            return Because(WaitingReason.Loading, $"No live worker holds the model \"{model}\" yet; worker {loading.Id} is still loading what it found.");
        }

        var fault = fleet.Workers.SelectMany(worker => worker.Faults.Where(fault => fault.Name == model), (worker, fault) => $" Worker {worker.Id} found it and could not load it: {fault.Reason}").FirstOrDefault();
        return Because(WaitingReason.NoWorker, fleet.Workers.Count == 0
            ? "No worker is up. Start one that has the model."
            : $"No live worker holds the model \"{model}\" or could load it.{fault ?? " Start one that has it."}");
    }

    private static Waiting Because(WaitingReason reason, string message) => new() { Reason = reason, Message = message };

    private static string Standing(WorkerFacts worker) => worker switch
    {
        { SetAside: { } why } => $"{worker.Id} is set aside ({why.TrimEnd('.')})",
        { Drained: true } => $"{worker.Id} was told to drain",
        _ => $"{worker.Id} is shutting down or paused",
    };

    private static string Listed(List<string> standings) =>
        string.Join(", ", standings.Take(Named)) + (standings.Count > Named ? $" and {standings.Count - Named} more" : "");
}
