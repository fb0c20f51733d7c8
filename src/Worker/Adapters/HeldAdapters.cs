using StableDiffusion.Contracts.Adapters;

namespace StableDiffusion.Worker.Adapters;

/// <summary>The LoRAs, embeddings, VAEs and ControlNets that this worker can draw with; none until they are found.</summary>
public sealed class HeldAdapters
{
    private volatile IReadOnlyList<AdapterFile> files = [];
    private volatile IReadOnlyList<AdapterDescription> offered = [];

    /// <summary>What images may be given for: held, or registered with the farm and pulled when one asks for it. Of two with one name the registered one, which
    /// is what requests mean.</summary>
    public IReadOnlyList<AdapterDescription> Offered =>
        [.. offered.Concat(All).DistinctBy(adapter => (adapter.Kind, adapter.Name)).OrderBy(adapter => adapter.Kind).ThenBy(adapter => adapter.Name, StringComparer.Ordinal)];

    /// <summary>Those that are here.</summary>
    public IReadOnlyList<AdapterDescription> All => [.. files.Select(file => file.Description)];

    /// <summary>These can be pulled from now on, in place of what could.</summary>
    public void Offer(IReadOnlyList<AdapterDescription> adapters) => offered = adapters;

    /// <summary>From now on held, in place of what was.</summary>
    public void Replace(IReadOnlyList<AdapterFile> found) => files = found;

    /// <summary>The adapter of that content, which lies there just now.</summary>
    /// <exception cref="AdapterMissingException">It is not here, or no longer; another worker may have it.</exception>
    public AdapterFile Get(AdapterKind kind, string name, string hash) =>
        files.FirstOrDefault(file => file.Description.Kind == kind && file.Description.Hash == hash && file.IsAsHashed)
        ?? throw new AdapterMissingException(kind, name, hash);
}

/// <summary>A worker lacks a file that the image needs. Another may have it, so it is tried again.</summary>
public sealed class AdapterMissingException(AdapterKind kind, string name, string hash)
    : Exception($"This worker does not hold the {kind.ToString().ToLowerInvariant()} \"{name}\" with the hash {hash[..Math.Min(12, hash.Length)]}; put the file beside its models, or ask again with the file that it has.");
