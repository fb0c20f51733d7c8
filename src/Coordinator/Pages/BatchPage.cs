namespace StableDiffusion.Coordinator.Pages;

/// <summary>/batches/{id}: a batch for people who would rather look. One static file that reads the API.</summary>
internal static class BatchPage
{
    public static void MapBatchPage(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/batches/{id:guid}", (Guid id) => TypedResults.Stream(
            typeof(BatchPage).Assembly.GetManifestResourceStream("batch.html")!, "text/html; charset=utf-8")).ExcludeFromDescription();
}
