using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Whatever is asked of a batch or an image by its id: where it is another owner's, it is not there. Stands before all endpoints, so
/// that none can forget it; lists have <see cref="OwnedRows"/>.</summary>
internal sealed class OwnersApart(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context, CurrentOwner owner, FarmDb db)
    {
        if (owner is { IsKnown: true, IsAdmin: false } && context.GetEndpoint() is RouteEndpoint endpoint && await IsOthersAsync(endpoint.RoutePattern, context, owner, db))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await next(context);
    }

    // "batches/{id}" and "images/{id}", wherever in the path
    private static async Task<bool> IsOthersAsync(RoutePattern pattern, HttpContext context, CurrentOwner owner, FarmDb db)
    {
        foreach (var (of, part) in pattern.PathSegments.Zip(pattern.PathSegments.Skip(1)))
        {
            if (of.Parts is not [RoutePatternLiteralPart { Content: "batches" or "images" } kind] || part.Parts is not [RoutePatternParameterPart parameter]
                || !Guid.TryParse(context.Request.RouteValues[parameter.Name]?.ToString(), out var id))
            {
                continue;
            }

            var isOwn = kind.Content == "batches"
                ? await db.Batches.Of(owner).AnyAsync(batch => batch.Id == id, context.RequestAborted)
                : await db.Images.Of(owner, db).AnyAsync(image => image.Id == id, context.RequestAborted);
            if (!isOwn)
            {
                return true;
            }
        }

        return false;
    }
}
