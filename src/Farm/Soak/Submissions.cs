using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Soak;

/// <summary>Asks a farm for random pictures, through whichever coordinator answers.</summary>
internal sealed class Submissions(TrialFarm farm, Random random)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly List<(BatchRequest Request, Guid Id)> accepted = [];
    private readonly List<string> faults = [];

    /// <summary>What the farm has confirmed.</summary>
    public IReadOnlyList<(BatchRequest Request, Guid Id)> Accepted => accepted;

    /// <summary>Requests with a key that were answered with two batches.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>How often no coordinator took a request at once.</summary>
    public int Refusals { get; private set; }

    /// <summary>Asks until cancelled, as long as not too many images wait.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await farm.TryCountOpenAsync(cancellationToken) is { } open and < SoakSettings.MostOpen)
            {
                var key = random.Next(2) == 0 ? $"soak-{random.Next():x8}" : null;
                var request = Next() with { Tags = key is null ? null : [key] };
                await SubmitAsync(request, key, cancel: random.Next(8) == 0, cancellationToken);
                await (key is not null && random.Next(2) == 0 ? AgainAsync(key, cancellationToken) : Task.CompletedTask);
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asks again for all that was accepted.</summary>
    public async Task RepeatAsync(CancellationToken cancellationToken)
    {
        foreach (var (request, _) in accepted.ToList())
        {
            await SubmitAsync(request with { Tags = null }, key: null, cancel: false, cancellationToken);
        }
    }

    private BatchRequest Next() => new()
    {
        Prompts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"picture {random.Next()}")],
        Seed = random.Next(),
        NIter = random.Next(1, SoakSettings.MostImages / 3),
        Steps = random.Next(1, 3) * 10, // some may share a network call, others may not
    };

    /// <summary>As a client does that does not know whether it has asked: what it asked for last comes a second time.</summary>
    private async Task AgainAsync(string key, CancellationToken cancellationToken)
    {
        if (accepted.FindLast(batch => batch.Request.Tags is [var tag] && tag == key) is not { Request: { } request, Id: var id })
        {
            return; // not even once
        }

        var count = accepted.Count;
        await SubmitAsync(request, key, cancel: false, cancellationToken);
        if (accepted.Count == count)
        {
            return;
        }

        if (accepted[^1].Id != id)
        {
            faults.Add($"{key} was answered with the batches {id} and {accepted[^1].Id}");
        }

        accepted.RemoveAt(accepted.Count - 1);
    }

    /// <summary>A request that was not confirmed is asked for again, by which it may come twice where it has no key: that, too, must end well. Some are
    /// withdrawn at once.</summary>
    private async Task SubmitAsync(BatchRequest request, string? key, bool cancel, CancellationToken cancellationToken)
    {
        for (var attempt = 0; !cancellationToken.IsCancellationRequested; attempt++)
        {
            try
            {
                var clients = farm.Coordinators.Values.ToList();
                if (clients.Count > 0)
                {
                    var batch = await clients[attempt % clients.Count].SubmitAsync(request with { Model = FreeRenderer.Model }, CancellationToken.None, key);
                    accepted.Add((request, batch.Id));
                    await (cancel ? clients[attempt % clients.Count].CancelAsync(batch, CancellationToken.None) : Task.CompletedTask);
                    return;
                }
            }
            catch (Exception error) when (error is FarmException or InvalidOperationException or OperationCanceledException)
            {
                Refusals++;
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
