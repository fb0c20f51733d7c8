using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>Which adapters workers hold beside a model; asked of the database only for images that need some.</summary>
public sealed class AdapterHolders(WorkerRegister register)
{
    private readonly Dictionary<string, List<HashSet<string>>> byModel = [];

    /// <summary>Whether one worker that takes work holds all of what a <see cref="Batches.Recipe.Needs"/> lists.</summary>
    public async Task<bool> HoldAsync(string model, string needs, CancellationToken cancellationToken)
    {
        if (needs == "[]")
        {
            return true;
        }

        var hashes = JsonSerializer.Deserialize<List<string>>(needs)!;
        return (await OfAsync(model, cancellationToken)).Any(held => held.IsSupersetOf(hashes));
    }

    /// <summary>What of these no worker holds, in words; where every one of them is somewhere but not together, all of them.</summary>
    public async Task<string> MissingAsync(string model, IEnumerable<AdapterDescription> needs, CancellationToken cancellationToken)
    {
        var held = (await OfAsync(model, cancellationToken)).SelectMany(hashes => hashes).ToHashSet();
        var all = needs.ToList();
        var missing = all.FindAll(adapter => !held.Contains(adapter.Hash));
        return string.Join(", ", (missing.Count > 0 ? missing : all).Select(adapter =>
            $"the {StateNames<AdapterKind>.Name(adapter.Kind)} \"{adapter.Name}\" with the hash {adapter.Hash[..Math.Min(12, adapter.Hash.Length)]}"));
    }

    private async Task<List<HashSet<string>>> OfAsync(string model, CancellationToken cancellationToken) => byModel.TryGetValue(model, out var known) ? known
        : byModel[model] = (await register.Taking.Where(worker => worker.Models.Contains(model)).Select(worker => worker.AdapterHashes).ToListAsync(cancellationToken))
            .ConvertAll(hashes => hashes.ToHashSet());
}
