namespace StableDiffusion.Contracts;

/// <summary>Names of the queues that coordinator and workers must agree on.</summary>
public static class Queues
{
    /// <summary>Where workers ask for attempts (<see cref="Messages.ClaimImages"/>).</summary>
    public const string Claims = "coordinator.claims";

    /// <summary>Where workers tell what became of attempts (<see cref="Messages.ImagesReported"/>).</summary>
    public const string Images = "coordinator.images";

    /// <summary>Where workers tell of themselves (<see cref="Messages.WorkerRegistered"/>, <see cref="Messages.WorkerBeat"/>).</summary>
    public const string Workers = "coordinator.workers";

    /// <summary>Where to send to one of these three. By its exchange, since a worker's credentials may write to the coordinator's queues, and
    /// who describes a queue must have the right to read it. Before a coordinator's first start nobody listens there.</summary>
    public static Uri CoordinatorAddress(string queue) => new($"exchange:{queue}");

    /// <summary>The queue of render commands for one model: "render.starter".</summary>
    public static string Render(string model) => $"render.{model}";

    /// <summary>The queue of commands for one worker: "worker.HOST-1234"; it goes with the worker.</summary>
    public static string Worker(string workerId) => $"worker.{workerId}";

    /// <summary>Where to send those commands. A sender must describe the exchange as the worker makes it, and must not make the queue: of a
    /// worker that is gone it would stay.</summary>
    public static Uri WorkerAddress(string workerId) => new($"exchange:{Worker(workerId)}?durable=false&autodelete=true");

    /// <summary>The queue of render commands that only one worker can carry out, since others that hold the model lack the images' adapters:
    /// "worker.HOST-1234.render"; it goes with the worker, too.</summary>
    public static string RenderOn(string workerId) => $"worker.{workerId}.render";

    /// <summary>Where to send those commands, as <see cref="WorkerAddress"/>.</summary>
    public static Uri RenderOnAddress(string workerId) => new($"exchange:{RenderOn(workerId)}?durable=false&autodelete=true");
}
