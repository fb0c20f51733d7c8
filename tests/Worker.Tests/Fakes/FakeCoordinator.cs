using System.Collections.Concurrent;
using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Answers claims as the coordinator does: what is not cancelled is granted to the first that asks, and to it again.</summary>
internal sealed class FakeCoordinator
{
    private readonly ConcurrentDictionary<Guid, string> owners = new();

    public ConcurrentQueue<ClaimImages> Claims { get; } = new();

    /// <summary>Attempts that are granted to nobody.</summary>
    public ConcurrentDictionary<Guid, bool> Cancelled { get; } = new();

    public void Listen(IBusFactoryConfigurator bus) => bus.ReceiveEndpoint(Queues.Claims, endpoint =>
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.Handler<ClaimImages>(context => context.RespondAsync(Answer(context.Message)));
    });

    private ImagesClaimed Answer(ClaimImages claim)
    {
        Claims.Enqueue(claim);
        return new ImagesClaimed
        {
            Granted = [.. claim.Attempts.Select(attempt => attempt.AttemptId).Where(id => !Cancelled.ContainsKey(id) && owners.GetOrAdd(id, claim.WorkerId) == claim.WorkerId)],
        };
    }
}
