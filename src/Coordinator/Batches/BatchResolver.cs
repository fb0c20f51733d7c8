using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Expansion;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Turns a request into the images it stands for, with random seeds drawn. What is too much is refused before it is expanded.</summary>
public sealed class BatchResolver(RecipeResolver recipes, IOptions<BatchesOptions> options, IOptions<InputOptions> inputOptions)
{
    private readonly BatchesOptions limits = options.Value;

    /// <summary>The images in order, and the pictures they need; none when <paramref name="errors"/> is not empty.</summary>
    /// <param name="request">As it was sent.</param>
    /// <param name="catalog">What it may name.</param>
    /// <param name="errors">Takes what is wrong, all at once.</param>
    public ResolvedBatch Resolve(BatchRequest request, Catalog catalog, RequestErrors errors)
    {
        var inputs = new RequestInputs(inputOptions.Value);
        List<RunExpansion> runs = [.. RunFields.Of(request, errors).Select(run => new RunExpansion(run, limits, errors))];
        if (!IsWithinLimits(runs, errors))
        {
            return ResolvedBatch.None;
        }

        List<Variant> variants = [.. runs.SelectMany(run => run.Resolve(recipes, catalog, inputs, errors))];
        errors.AddIdle(path => variants.Count(variant => variant.IsGiven(path)));
        if (!errors.IsEmpty)
        {
            return ResolvedBatch.None;
        }

        var batch = new BatchBuilder(catalog, errors);
        foreach (var run in runs)
        {
            run.AddTo(batch);
        }

        return errors.IsEmpty ? batch.Build(inputs.Pictures) : ResolvedBatch.None;
    }

    private bool IsWithinLimits(List<RunExpansion> runs, RequestErrors errors)
    {
        var (images, kinds) = (0L, 0L);
        foreach (var run in runs)
        {
            if (run.Images > limits.MaxImages - images)
            {
                errors.Add(run.Blamed, $"{run.Counted} are more than the {limits.MaxImages} images a batch may have{(images > 0 ? $", of which the runs before have {images}" : "")}: split it.");
                return false;
            }

            if (run.Kinds > limits.MaxRecipes - kinds)
            {
                errors.Add(run.Blamed, $"The lists make more than the {limits.MaxRecipes} different settings a batch may have, prompts and seeds aside: split it.");
                return false;
            }

            (images, kinds) = (images + run.Images, kinds + run.Kinds);
        }

        return true;
    }
}
