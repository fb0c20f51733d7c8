using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Adapters;
using StableDiffusion.Coordinator.Models;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Reads what a request may name.</summary>
public sealed class CatalogReader(ModelCatalog models, AdapterCatalog adapters, IOptions<BatchesOptions> options)
{
    /// <summary>The catalog for one request; what only a refused one needs is read for that alone.</summary>
    public async Task<Catalog> ReadAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        var known = await models.ListAsync(cancellationToken);
        var wanted = request.Model ?? options.Value.DefaultModel;
        var isKnown = request is { Runs: null, Zip: null, Product: null } && (wanted is null || known.Exists(model => model.Name == wanted));
        var faults = isKnown ? [] : await models.FaultsAsync(cancellationToken);
        return new Catalog(known, faults, await adapters.KnownAsync(kind: null, cancellationToken));
    }
}
