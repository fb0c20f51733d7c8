using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>/v1/webhooks: addresses that are told what happens.</summary>
internal static class WebhooksApi
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapGroup("/v1/webhooks").WithTags("Webhooks").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        webhooks.MapPost("", Add).WithName("AddWebhook").WithSummary("Have an address told what happens").WithDescription(
            "From now on events of the caller's batches are posted to it as a WebhookMessage, signed after Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature) "
            + "with the secret that this answer alone shows. 2xx takes a delivery; all else is tried again for three days, with growing waits.")
            .ProducesProblem(StatusCodes.Status409Conflict);
        webhooks.MapGet("", List).WithName("ListWebhooks").WithSummary("The caller's webhooks");
        webhooks.MapGet("{id:guid}", Get).WithName("GetWebhook").WithSummary("One webhook").ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapPatch("{id:guid}", Change).WithName("ChangeWebhook").WithSummary("Change a webhook, disable or enable it").ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapPost("{id:guid}/secret", ChangeSecret).WithName("ChangeWebhookSecret").WithSummary("Give a webhook a new secret")
            .WithDescription("This answer alone shows it. Until former_secret_until deliveries have a second signature, by the secret before it, so that the receiver can be changed in between.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapDelete("{id:guid}", Remove).WithName("RemoveWebhook").WithSummary("Remove a webhook and the log of its deliveries").ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapDeliveries();
    }

    /// <summary>The owner's own; an administrator's are all.</summary>
    public static IQueryable<Webhook> Of(this IQueryable<Webhook> webhooks, CurrentOwner owner)
    {
        var id = owner.Id;
        return owner.IsAdmin ? webhooks : webhooks.Where(webhook => webhook.OwnerId == id);
    }

    private static async Task<Results<Created<WebhookResponse>, ValidationProblem, ProblemHttpResult>> Add(
        WebhookRequest request, CurrentOwner owner, FarmDb db, TimeProvider time, IOptions<WebhookOptions> options, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        WebhookFields.CheckUrl(request.Url, options.Value, errors);
        WebhookFields.CheckTypes(request.Types, errors);
        WebhookFields.CheckTag(request.Tag, errors);
        if (request.BatchId is { } batch && !await db.Batches.AnyAsync(row => row.Id == batch && row.OwnerId == owner.Id, cancellationToken))
        {
            errors.Add("batch_id", "You have no such batch.");
        }

        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        if (await db.Webhooks.CountAsync(webhook => webhook.OwnerId == owner.Id, cancellationToken) >= options.Value.MaxPerOwner)
        {
            return TypedResults.Problem(
                $"There are {options.Value.MaxPerOwner} webhooks, which is the most: remove one first.", statusCode: StatusCodes.Status409Conflict, title: "Too many webhooks");
        }

        var now = time.GetUtcNow();
        var webhook = new Webhook
        {
            Id = Guid.CreateVersion7(now),
            OwnerId = owner.Id,
            Url = request.Url!,
            Secret = WebhookSecret.New(),
            Types = [.. (request.Types ?? []).Distinct()],
            BatchId = request.BatchId,
            Tag = request.Tag,
            CreatedAt = now,
        };
        db.Webhooks.Add(webhook);
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.Created($"/v1/webhooks/{webhook.Id}", Response(webhook) with { Secret = webhook.Secret });
    }

    private static async Task<Ok<Page<WebhookResponse>>> List(CurrentOwner owner, FarmDb db, CancellationToken cancellationToken) => TypedResults.Ok(new Page<WebhookResponse>
    {
        Items = (await db.Webhooks.AsNoTracking().Of(owner).OrderByDescending(webhook => webhook.Id).ToListAsync(cancellationToken)).ConvertAll(Response),
    });

    private static async Task<Results<Ok<WebhookResponse>, NotFound>> Get(Guid id, CurrentOwner owner, FarmDb db, CancellationToken cancellationToken) =>
        await db.Webhooks.AsNoTracking().Of(owner).SingleOrDefaultAsync(webhook => webhook.Id == id, cancellationToken) is { } webhook
            ? TypedResults.Ok(Response(webhook))
            : TypedResults.NotFound();

    private static async Task<Results<Ok<WebhookResponse>, NotFound, ValidationProblem>> Change(
        Guid id, WebhookChange change, CurrentOwner owner, FarmDb db, WebhookDeliveries deliveries, IOptions<WebhookOptions> options, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        WebhookFields.CheckTypes(change.Types, errors);
        if (change.Url is not null)
        {
            WebhookFields.CheckUrl(change.Url, options.Value, errors);
        }

        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        if (await db.Webhooks.Of(owner).SingleOrDefaultAsync(webhook => webhook.Id == id, cancellationToken) is not { } webhook)
        {
            return TypedResults.NotFound();
        }

        webhook.Url = change.Url ?? webhook.Url;
        webhook.Types = change.Types is null ? webhook.Types : [.. change.Types.Distinct()];
        await db.SaveChangesAsync(cancellationToken);
        if (change.Enabled is false)
        {
            await deliveries.DisableAsync(id, null, cancellationToken);
        }
        else if (change.Enabled is true)
        {
            await deliveries.EnableAsync(id, cancellationToken);
        }

        db.ChangeTracker.Clear();
        return TypedResults.Ok(Response(await db.Webhooks.SingleAsync(row => row.Id == id, cancellationToken)));
    }

    private static async Task<Results<Ok<WebhookResponse>, NotFound>> ChangeSecret(
        Guid id, CurrentOwner owner, FarmDb db, TimeProvider time, IOptions<WebhookOptions> options, HttpResponse response, CancellationToken cancellationToken)
    {
        var (secret, until) = (WebhookSecret.New(), time.GetUtcNow() + options.Value.KeepFormerSecret);
        var changed = await db.Webhooks.Of(owner).Where(webhook => webhook.Id == id).ExecuteUpdateAsync(
            webhook => webhook.SetProperty(w => w.FormerSecret, w => w.Secret).SetProperty(w => w.FormerSecretUntil, until).SetProperty(w => w.Secret, secret), cancellationToken);
        if (changed == 0)
        {
            return TypedResults.NotFound();
        }

        response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(Response(await db.Webhooks.AsNoTracking().SingleAsync(webhook => webhook.Id == id, cancellationToken)) with { Secret = secret });
    }

    private static async Task<Results<NoContent, NotFound>> Remove(Guid id, CurrentOwner owner, FarmDb db, CancellationToken cancellationToken) =>
        await db.Webhooks.Of(owner).Where(webhook => webhook.Id == id).ExecuteDeleteAsync(cancellationToken) == 1 ? TypedResults.NoContent() : TypedResults.NotFound();

    private static ValidationProblem Refused(RequestErrors errors) =>
        TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");

    private static WebhookResponse Response(Webhook webhook) => new()
    {
        Id = webhook.Id,
        Url = webhook.Url,
        Types = webhook.Types,
        BatchId = webhook.BatchId,
        Tag = webhook.Tag,
        Enabled = webhook.Enabled,
        DisabledReason = webhook.DisabledReason,
        FailingSince = webhook.FailingSince,
        FormerSecretUntil = webhook.FormerSecretUntil,
        CreatedAt = webhook.CreatedAt,
        DeliveriesUrl = $"/v1/webhooks/{webhook.Id}/deliveries",
    };
}
