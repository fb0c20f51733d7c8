using System.Globalization;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Worker.Caching;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Adapters;

/// <summary>Adapters in use, by their files' hashes; the last few stay loaded, and LoRAs merged. Belongs to the device's thread. What does
/// not fit is an <see cref="ArgumentException"/> that begins with the request's field.</summary>
/// <param name="held">Where they lie.</param>
/// <param name="device">Where they go.</param>
/// <param name="dtype">The type that their weights get.</param>
/// <param name="loraBytes">Main memory for the weights that LoRAs have changed, see <see cref="MergedLoras"/>.</param>
internal sealed class LoadedAdapters(HeldAdapters held, Device device, ScalarType dtype, long loraBytes) : IDisposable
{
    private readonly MergedLoras merged = new(loraBytes);
    private readonly RecentlyUsed<TextualInversion> embeddings = new(most: 64);
    private readonly RecentlyUsed<AutoencoderKL> vaes = new(most: 2);
    private readonly RecentlyUsed<ControlNetModel> controlNets = new(most: 2);

    /// <summary>Puts an image's LoRAs into a model's weights, where they stay until it is asked for with others.</summary>
    public void Merge(StableDiffusionModel model, ImageSettings settings)
    {
        var loras = settings.Loras ?? [];
        var set = string.Join(' ', loras.Select(lora => string.Create(CultureInfo.InvariantCulture, $"{lora.Hash}:{lora.Weight:R}:{lora.TextEncoderWeight:R}")));
        merged.Put(model, set, () => Merge(model, settings.Model, loras));
    }

    /// <summary>The model as an image wants it: with the VAE that it names, or as it is.</summary>
    public StableDiffusionModel WithVae(StableDiffusionModel model, ImageSettings settings)
    {
        if (settings.Vae is not { } vae)
        {
            vaes.MakeRoom([]);
            return model.With();
        }

        var key = $"{vae.Hash} {JsonSerializer.Serialize(model.Vae.Config)}"; // a file does not tell its sizes and scaling factor: it takes the model's own VAE's
        vaes.MakeRoom([key]);
        var field = $"vae: \"{vae.Name}\"";
        return Fitting(field, settings.Model, () => model.With(vae: vaes.Get(key, () => Read(
            field, settings.Model, AdapterKind.Vae, vae.Name, vae.Hash, path => NetworkFolder.LoadVae(path, dtype, device, published: model.Vae.Config)))));
    }

    /// <summary>The words that an image's prompts may use, by the names that the farm has for them.</summary>
    public IReadOnlyList<TextualInversion> Embeddings(StableDiffusionModel model, ImageSettings settings)
    {
        var named = settings.Embeddings ?? [];
        embeddings.MakeRoom([.. named.Select(Key)]);
        return [.. named.Select(embedding =>
        {
            var field = $"prompt: the embedding \"{embedding.Name}\"";
            var learnt = embeddings.Get(Key(embedding), () => Read(
                field, settings.Model, AdapterKind.Embedding, embedding.Name, embedding.Hash, path => TextualInversion.Load(path, embedding.Name)));
            return Fitting(field, settings.Model, () =>
            {
                learnt.CheckFits(model);
                return learnt;
            });
        })];

        static string Key(NamedFile embedding) => $"{embedding.Hash} {embedding.Name}"; // the name is its word
    }

    /// <summary>The networks that read an image's control images.</summary>
    public IReadOnlyList<ControlNetModel> ControlNets(ImageSettings settings)
    {
        var units = settings.ControlNets ?? [];
        controlNets.MakeRoom([.. units.Select(unit => unit.Hash)]);
        return [.. units.Select((unit, index) => controlNets.Get(unit.Hash, () => Read(
            $"controlnet_units[{index}].model: \"{unit.Model}\"", settings.Model, AdapterKind.Controlnet, unit.Model, unit.Hash,
            path => NetworkFolder.LoadControlNet(path, dtype, device))))];
    }

    /// <summary>Takes LoRAs out again whose kept weights take too much memory.</summary>
    public void Trim() => merged.Trim();

    /// <summary>Takes all LoRAs out and lets all adapters go; others can be loaded after that.</summary>
    public void Dispose()
    {
        merged.Dispose();
        embeddings.Clear();
        vaes.Clear();
        controlNets.Clear();
    }

    private LoraMerge Merge(StableDiffusionModel model, string modelName, IReadOnlyList<LoraSettings> loras)
    {
        List<LoraFile> files = []; // open only now: a map of a file that is written over would change with it
        LoraMerge? merge = null;
        try
        {
            files.AddRange(loras.Select(lora => Read(Field(lora), modelName, AdapterKind.Lora, lora.Name, lora.Hash, LoraFile.Load)));
            merge = LoraMerge.Apply(model, [.. loras.Zip(files, (lora, file) => new WeightedLora(file, lora.Weight, lora.TextEncoderWeight ?? lora.Weight))]);
            foreach (var lora in loras)
            {
                held.Get(AdapterKind.Lora, lora.Name, lora.Hash); // still the same
            }

            return merge;
        }
        catch (LoraException misfit)
        {
            throw Misfit(Field(loras[files.FindIndex(file => file.Path == misfit.File)]), modelName, misfit);
        }
        catch
        {
            merge?.Dispose();
            throw;
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    private static string Field(LoraSettings lora) => $"loras: \"{lora.Name}\"";

    /// <summary>Reads a file of that content.</summary>
    /// <exception cref="AdapterMissingException">It is not here, or was written over meanwhile.</exception>
    private T Read<T>(string field, string model, AdapterKind kind, string name, string hash, Func<string, T> read)
        where T : IDisposable
    {
        var file = held.Get(kind, name, hash);
        try
        {
            var thing = read(file.Path);
            if (file.IsAsHashed)
            {
                return thing;
            }

            thing.Dispose();
        }
        catch (InvalidModelException error)
        {
            if (file.IsAsHashed)
            {
                throw Misfit(field, model, error);
            }
        }

        throw new AdapterMissingException(kind, name, hash);
    }

    private static T Fitting<T>(string field, string model, Func<T> fit)
    {
        try
        {
            return fit();
        }
        catch (InvalidModelException error)
        {
            throw Misfit(field, model, error);
        }
    }

    private static ArgumentException Misfit(string field, string model, InvalidModelException error)
    {
        var reason = error.Message.StartsWith($"{error.File}: ", StringComparison.Ordinal) ? error.Message[(error.File.Length + 2)..] : error.Message;
        return new ArgumentException($"{field} cannot be used with the model \"{model}\": {reason.TrimEnd('.')}. Leave it out, or take one that was made for this kind of model.", error);
    }
}
