using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Worker.Adapters;

/// <summary>
/// The LoRAs that are in models' weights just now. They stay there from group to group until a model is asked for with others, so that
/// a batch merges them once.
/// </summary>
/// <param name="mostBytes">Main memory that the copies of the changed weights may take between groups.</param>
internal sealed class MergedLoras(long mostBytes) : IDisposable
{
    private readonly List<(StableDiffusionModel Model, string Set, LoraMerge Merge)> merges = []; // the longest unused first

    /// <summary>Sees to it that a model has one set of LoRAs in its weights and nothing else.</summary>
    /// <param name="model">Stays the caller's, and must outlive this.</param>
    /// <param name="set">Tells sets apart; empty is none.</param>
    /// <param name="merge">Merges that set into the model as it was loaded.</param>
    public void Put(StableDiffusionModel model, string set, Func<LoraMerge> merge)
    {
        int place = merges.FindIndex(merged => merged.Model == model);
        if (place >= 0 && merges[place].Set == set)
        {
            var used = merges[place];
            merges.RemoveAt(place);
            merges.Add(used);
            return;
        }

        if (place >= 0)
        {
            TakeOut(place);
        }

        if (set.Length > 0)
        {
            merges.Add((model, set, merge()));
        }
    }

    /// <summary>Takes LoRAs out, the longest unused first, until the copies fit into the memory that is for them.</summary>
    public void Trim()
    {
        while (merges.Sum(merged => merged.Merge.Bytes) > mostBytes)
        {
            TakeOut(0);
        }
    }

    /// <summary>Takes all LoRAs out.</summary>
    public void Dispose()
    {
        while (merges.Count > 0)
        {
            TakeOut(0);
        }
    }

    // in this order: weights that could not be restored stay known as changed
    private void TakeOut(int place)
    {
        merges[place].Merge.Dispose();
        merges.RemoveAt(place);
    }
}
