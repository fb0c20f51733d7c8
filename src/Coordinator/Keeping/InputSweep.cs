using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Removes pictures that came with requests and that no recipe names any more.</summary>
public sealed class InputSweep(FarmDb db, IObjectStore objects, InputLock gate)
{
    /// <summary>Removes all that are old enough.</summary>
    public async Task RunAsync(SweepCounts counts, CancellationToken cancellationToken)
    {
        var named = await NamedAsync(cancellationToken);
        await foreach (var entry in objects.ListAsync(InputKey.Prefix, cancellationToken))
        {
            counts.Objects++;
            if (named.Contains(entry.Key) || !counts.MayGo(entry))
            {
                continue;
            }

            // a request that brings the same picture waits, and stores it anew; one that was first is seen now
            await using (await gate.TakeAsync(exclusive: true, cancellationToken))
            {
                named = await NamedAsync(cancellationToken);
                if (!named.Contains(entry.Key))
                {
                    await objects.DeleteAsync(entry.Key, cancellationToken);
                    counts.Removed++;
                }
            }
        }
    }

    private async Task<HashSet<string>> NamedAsync(CancellationToken cancellationToken) => [.. (await db.Database.SqlQuery<string>($"""
        SELECT DISTINCT hash #>> ARRAY[]::text[] AS "Value" FROM recipes CROSS JOIN LATERAL (
            SELECT jsonb_path_query(settings, '$.image_to_image.image') UNION ALL SELECT jsonb_path_query(settings, '$.inpainting.mask')
            UNION ALL SELECT jsonb_path_query(settings, '$.control_nets[*].image')) AS named(hash)
        WHERE settings ?| ARRAY['image_to_image', 'inpainting', 'control_nets']
        """).ToListAsync(cancellationToken)).Select(InputKey.Of)];
}
