using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>
/// Sees to it, once the addresses are bound, that a farm which asks for keys has one that may do everything: the one of the
/// settings, or else one that is made where there is none (at the first start, or after the last one was revoked).
/// </summary>
internal sealed partial class AdminKey(
    IServiceScopeFactory scopes, AuthenticationState authentication, IOptions<OwnerOptions> options, ILogger<AdminKey> logger) : IHostedLifecycleService
{
    private const string OfSettings = "admin key of the settings";
    private const string OfFirstStart = "admin key of the first start";

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        authentication.Decide();
        if (!authentication.IsOn)
        {
            LogOff(authentication.Addresses);
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await SettingsKey.LockAsync(db, cancellationToken); // of several replicas one makes it
        var made = await EnsureAsync(db, scope.ServiceProvider.GetRequiredService<ApiKeys>(), scope.ServiceProvider.GetRequiredService<SettingsKey>(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (made is not null && options.Value.AdminKeyFile is null)
        {
            LogMade(made);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <returns>The key, where one was made.</returns>
    private async Task<string?> EnsureAsync(FarmDb db, ApiKeys keys, SettingsKey settingsKey, CancellationToken cancellationToken)
    {
        var file = options.Value.AdminKeyFile is { } path ? new AdminKeyFile(path) : null;
        if ((options.Value.AdminKey ?? file?.Read()) is { } chosen)
        {
            if (!await settingsKey.UseAsync(chosen, Owner.Default, OfSettings, [Scopes.Admin], cancellationToken))
            {
                LogEnded();
            }

            return null;
        }

        var admins = await db.ApiKeys.Where(key => key.Scopes.Contains(Scopes.Admin)).ToListAsync(cancellationToken);
        if (admins.Exists(keys.IsValid))
        {
            return null;
        }

        var made = KeyText.New();
        keys.Add(made, Owner.Default, file is null ? OfFirstStart : OfSettings, [Scopes.Admin]);
        await db.SaveChangesAsync(cancellationToken);
        if (file is not null)
        {
            file.Write(made);
            LogWritten(file.Path);
        }

        return made;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Requests need no key: whoever reaches {Addresses} may do everything")]
    private partial void LogOff(string addresses);

    // a warning, so that a terse log has it too
    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests need a key. This one may do everything, and is shown this once: {AdminKey}")]
    private partial void LogMade(string adminKey);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests need a key. One that may do everything was written to {File}")]
    private partial void LogWritten(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The admin key of the settings was revoked or has expired: choose another")]
    private partial void LogEnded();
}
