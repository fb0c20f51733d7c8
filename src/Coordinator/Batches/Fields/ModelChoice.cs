using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>The model that a request names, or the one there is.</summary>
internal static class ModelChoice
{
    /// <summary>The model; null, with an error, when there is none of that name, or several and no name.</summary>
    public static ModelResponse? Resolve(string? wanted, Catalog catalog, RequestErrors errors)
    {
        var models = catalog.Models;
        if (wanted is null && models.Where(model => model.Live).ToList() is { Count: > 0 } live)
        {
            models = live; // a model whose workers have gone must be named
        }

        var found = wanted is null && models.Count == 1 ? models[0] : models.FirstOrDefault(model => model.Name == wanted);
        if (found is null && catalog.Faults.FirstOrDefault(fault => fault.Name == wanted) is { } fault)
        {
            errors.Add("model", $"\"{Short(fault.Name)}\" could not be loaded: {fault.Reason}");
        }
        else if (found is null)
        {
            var known = models.Count == 0
                ? "no worker has reported one yet; start a worker, or wait until GET /v1/models lists one."
                : $"the farm knows {string.Join(", ", models.Select(model => model.Name).Order(StringComparer.Ordinal))}.";
            errors.Add("model", wanted is null ? $"Name a model: {known}" : $"\"{Short(wanted)}\" is not a known model: {known}");
        }

        return found;
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
