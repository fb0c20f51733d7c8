namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>As whom the request came. A handler takes it to show an owner what is the owner's own, and an administrator everything.</summary>
public sealed class CurrentOwner
{
    private int? id;

    /// <summary>The owner; what the request makes belongs to it.</summary>
    public int Id => id ?? throw new InvalidOperationException("Nobody has authenticated: the endpoint allows anonymous requests, or this is no request.");

    /// <summary>Whether somebody has authenticated, as everywhere but where anonymous requests are allowed.</summary>
    public bool IsKnown => id is not null;

    /// <summary>Whether the request may see and change what is others'.</summary>
    public bool IsAdmin => Scopes.Contains(Contracts.Owners.Scopes.Admin);

    /// <summary>What the request may do.</summary>
    public IReadOnlyList<string> Scopes { get; private set; } = [];

    /// <summary>The key; null where none is asked for.</summary>
    public Guid? KeyId { get; private set; }

    /// <summary>The owner's own limit; null for the farm's.</summary>
    public int? MaxRequestsPerMinute { get; private set; }

    /// <summary>The request came with a key.</summary>
    internal void Become(Keys.ApiKeys.FoundKey found) =>
        (id, Scopes, KeyId, MaxRequestsPerMinute) = (found.Owner.Id, found.Key.Scopes, found.Key.Id, found.Owner.MaxRequestsPerMinute);

    /// <summary>The request needs none.</summary>
    internal void BecomeDefault() => (id, Scopes) = (Owner.Default, Contracts.Owners.Scopes.All);
}
