using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>Sees to it, once the addresses are bound, that <see cref="OwnerOptions.WatchKey"/> opens what it is for.</summary>
internal sealed partial class WatchKey(
    IServiceScopeFactory scopes, AuthenticationState authentication, IOptions<OwnerOptions> options, ILogger<WatchKey> logger) : IHostedLifecycleService
{
    private const string OfSettings = "watch key of the settings";
    private const string OwnerName = "farm-watch"; // has no batches, so that a key that may read them all sees none

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        authentication.Decide();
        if (!authentication.IsOn || options.Value.WatchKey is not { } chosen)
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await SettingsKey.LockAsync(db, cancellationToken);
        var owner = await db.Owners.SingleOrDefaultAsync(one => one.Name == OwnerName, cancellationToken);
        if (owner is null)
        {
            db.Owners.Add(owner = new Owner { Name = OwnerName });
            await db.SaveChangesAsync(cancellationToken);
        }

        if (!await scope.ServiceProvider.GetRequiredService<SettingsKey>().UseAsync(chosen, owner.Id, OfSettings, [Scopes.Read, Scopes.Metrics], cancellationToken))
        {
            LogEnded();
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watch key of the settings was revoked or has expired: choose another")]
    private partial void LogEnded();
}
