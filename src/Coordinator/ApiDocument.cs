using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace StableDiffusion.Coordinator;

/// <summary>/openapi/v1.json, made once: to make it takes a fifth of a second of a processor, and anybody may ask for it.</summary>
internal static class ApiDocument
{
    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var document = new Lazy<Task<byte[]>>(() => WriteAsync(services));
        routes.MapGet("/openapi/v1.json", async () => TypedResults.Bytes(await document.Value, "application/json;charset=utf-8")).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<byte[]> WriteAsync(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1);
        return json.ToArray();
    }
}
