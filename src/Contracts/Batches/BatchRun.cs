using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Batches;

/// <summary>Images to draw: every combination of <c>product</c>, then every row of <c>zip</c>, then every prompt, then every seed, the first outermost.</summary>
public record BatchRun : ImageFields
{
    /// <summary>At least one prompt, none empty. Or <c>prompt</c>, for one.</summary>
    [MinLength(1)]
    public IReadOnlyList<string>? Prompts { get; init; }

    /// <summary>Seeds one by one, instead of <c>seed</c> and <c>n_iter</c>.</summary>
    [MinLength(1)]
    public IReadOnlyList<long>? Seeds { get; init; }

    /// <summary>Images per prompt (A1111's batch count), 1 by default.</summary>
    public int? NIter { get; init; }

    /// <summary>Lists of one length, by field: {"prompt": ["a cat", "a dog"], "seed": [1, 2]} is a cat with seed 1 and a dog with seed 2. null in a list leaves the field out.</summary>
    public FieldLists? Zip { get; init; }

    /// <summary>Lists of any length, by field, every combination of them: {"cfg_scale": [5, 7], "steps": [20, 30]}, the first field outermost. null in a list leaves the field out.</summary>
    public FieldLists? Product { get; init; }
}
