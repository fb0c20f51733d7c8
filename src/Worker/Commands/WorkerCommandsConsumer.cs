using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Commands;

/// <summary>Takes what the coordinator tells this worker alone, from a queue that ends with it.</summary>
public sealed partial class WorkerCommandsConsumer(Duty duty, ModelLoader loader, WorkInHand inHand, ILogger<WorkerCommandsConsumer> logger)
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
        // not waited for: it may take minutes, and a drain must not stand behind it
        inHand.Keep(LoadAsync(context.Message.Model));
        return Task.CompletedTask;
    }

    private async Task LoadAsync(string model)
    {
        try
        {
            await loader.LoadAsync(model, inHand.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (inHand.Stopping.IsCancellationRequested)
        {
            // shutting down
        }
        catch (Exception error) // nobody waits for it
        {
            LogNotLoaded(error, model, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} was not loaded: {Reason}")]
    private partial void LogNotLoaded(Exception error, string model, string reason);
}
