using System.ComponentModel;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>What was posted to a webhook and shall be.</summary>
internal static class DeliveriesApi
{
    /// <summary>The kind of event of a test.</summary>
    public const string TestType = "webhook.test";

    private const int PageSize = 50;

    public static void MapDeliveries(this IEndpointRouteBuilder webhooks)
    {
        webhooks.MapPost("{id:guid}/test", Test).WithName("TestWebhook").WithSummary("Post a test to a webhook")
            .WithDescription("As soon as may be; how it went stands at the answer's Location. 409 while the webhook is disabled.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        webhooks.MapGet("{id:guid}/deliveries", List).WithName("ListDeliveries").WithSummary("A webhook's deliveries, newest first, without their bodies")
            .ProducesValidationProblem().ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapGet("{id:guid}/deliveries/{delivery:guid}", Get).WithName("GetDelivery").WithSummary("One delivery").ProducesProblem(StatusCodes.Status404NotFound);
        webhooks.MapPost("{id:guid}/deliveries/{delivery:guid}/redeliver", Redeliver).WithName("RedeliverDelivery").WithSummary("Post a delivery once more")
            .WithDescription("The same message with the same webhook-id, whether it was delivered or given up, with all of the tries anew. 409 while the webhook is disabled.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Created<WebhookDeliveryResponse>, NotFound, ProblemHttpResult>> Test(
        Guid id, CurrentOwner owner, FarmDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await db.Webhooks.AsNoTracking().Of(owner).SingleOrDefaultAsync(webhook => webhook.Id == id, cancellationToken) is not { } webhook)
        {
            return TypedResults.NotFound();
        }

        if (!webhook.Enabled)
        {
            return Disabled();
        }

        var now = time.GetUtcNow();
        var delivery = new WebhookDelivery
        {
            Id = Guid.CreateVersion7(now),
            WebhookId = id,
            Type = TestType,
            Body = JsonSerializer.Serialize(new WebhookMessage { Type = TestType, Timestamp = now }, FarmJson.Options),
            State = WebhookDeliveryState.Pending,
            NextAt = now,
            CreatedAt = now,
        };
        db.WebhookDeliveries.Add(delivery);
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.Created($"/v1/webhooks/{id}/deliveries/{delivery.Id}", Response(delivery));
    }

    private static async Task<Results<Ok<Page<WebhookDeliveryResponse>>, NotFound, ValidationProblem>> List(
        Guid id, CurrentOwner owner, FarmDb db, [Description("The last delivery of the page before.")] Guid? after,
        [FromQuery(Name = "state"), Description("Those that stand so alone: pending, delivered or failed.")] string? word, CancellationToken cancellationToken)
    {
        var state = StateNames<WebhookDeliveryState>.Find(word);
        if (word is not null && state is null)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["state"] = [$"\"{word}\" is no state: give {StateNames<WebhookDeliveryState>.Words}."] });
        }

        if (!await db.Webhooks.Of(owner).AnyAsync(webhook => webhook.Id == id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        var rows = await db.WebhookDeliveries.AsNoTracking()
            .Where(row => row.WebhookId == id && (after == null || row.Id.CompareTo(after.Value) < 0) && (state == null || row.State == state))
            .OrderByDescending(row => row.Id).Take(PageSize).ToListAsync(cancellationToken);
        return TypedResults.Ok(new Page<WebhookDeliveryResponse>
        {
            Items = rows.ConvertAll(row => Response(row) with { Body = null }),
            Next = rows.Count < PageSize ? null
                : $"/v1/webhooks/{id}/deliveries?after={rows[^1].Id}{(state is { } asked ? $"&state={StateNames<WebhookDeliveryState>.Name(asked)}" : "")}",
        });
    }

    private static async Task<Results<Ok<WebhookDeliveryResponse>, NotFound>> Get(
        Guid id, Guid delivery, CurrentOwner owner, FarmDb db, CancellationToken cancellationToken) =>
        await Deliveries(id, delivery, owner, db).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } row ? TypedResults.Ok(Response(row)) : TypedResults.NotFound();

    private static async Task<Results<Ok<WebhookDeliveryResponse>, NotFound, ProblemHttpResult>> Redeliver(
        Guid id, Guid delivery, CurrentOwner owner, FarmDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await db.Webhooks.Of(owner).AnyAsync(webhook => webhook.Id == id && !webhook.Enabled, cancellationToken))
        {
            return Disabled();
        }

        // one that is being tried just now goes on
        var now = time.GetUtcNow();
        await Deliveries(id, delivery, owner, db).Where(row => row.State != WebhookDeliveryState.Pending).ExecuteUpdateAsync(
            row => row.SetProperty(r => r.State, WebhookDeliveryState.Pending).SetProperty(r => r.NextAt, now).SetProperty(r => r.Attempts, 0).SetProperty(r => r.DeliveredAt, (DateTimeOffset?)null),
            cancellationToken);
        return await Deliveries(id, delivery, owner, db).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } row ? TypedResults.Ok(Response(row)) : TypedResults.NotFound();
    }

    private static IQueryable<WebhookDelivery> Deliveries(Guid id, Guid delivery, CurrentOwner owner, FarmDb db) =>
        db.WebhookDeliveries.Where(row => row.Id == delivery && row.WebhookId == id && db.Webhooks.Of(owner).Any(webhook => webhook.Id == id));

    private static ProblemHttpResult Disabled() => TypedResults.Problem(
        "Enable the webhook first: PATCH it with {\"enabled\": true}.", statusCode: StatusCodes.Status409Conflict, title: "The webhook is disabled");

    private static WebhookDeliveryResponse Response(WebhookDelivery row) => new()
    {
        Id = row.Id,
        Type = row.Type,
        EventId = row is { EventTransaction: { } transaction, EventId: { } id } ? new EventPosition(transaction, id).ToString() : null,
        State = row.State,
        Attempts = row.Attempts,
        NextAt = row.State == WebhookDeliveryState.Pending ? row.NextAt : null,
        LastStatus = row.LastStatus,
        LastError = row.LastError,
        Answer = row.Answer,
        CreatedAt = row.CreatedAt,
        DeliveredAt = row.DeliveredAt,
        Body = row.Body,
    };
}
