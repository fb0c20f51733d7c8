using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Groups;

namespace StableDiffusion.Worker.Commands;

/// <summary>Takes what the coordinator tells this worker alone, from a queue that ends with it.</summary>
public sealed partial class WorkerCommandsConsumer(Duty duty, WorkInHand inHand, ILogger<WorkerCommandsConsumer> logger)
    : IConsumer<DrainWorker>, IConsumer<ResumeWorker>, IConsumer<CancelAttempts>, IConsumer<LoadModel>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DrainWorker> context) => duty.DrainAsync(context.Message.Now, context.CancellationToken);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<ResumeWorker> context) => duty.ResumeAsync(context.CancellationToken);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<CancelAttempts> context)
    {
        inHand.Cancel(context.Message.Attempts.ToHashSet());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<LoadModel> context)
    {
        LogCannotLoad(context.Message.Model);
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} is not loaded: this worker holds what it loaded at its start")]
    private partial void LogCannotLoad(string model);
}
