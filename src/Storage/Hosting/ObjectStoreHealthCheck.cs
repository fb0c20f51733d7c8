using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StableDiffusion.Storage.Hosting;

/// <summary>Healthy when the store answers. A listing, because only that tells a missing bucket from a missing object.</summary>
internal sealed class ObjectStoreHealthCheck(IObjectStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await foreach (var _ in store.ListAsync("health-check/", cancellationToken).ConfigureAwait(false))
            {
                break;
            }
            return HealthCheckResult.Healthy();
        }
        catch (ObjectStoreException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, e.Message, e);
        }
    }
}
