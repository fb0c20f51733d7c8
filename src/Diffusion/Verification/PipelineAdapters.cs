using System.Text.Json;
using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>A pipeline row's <c>adapters</c>: LoRA files of the folder, each with its scale.</summary>
internal static class PipelineAdapters
{
    public const string Field = "adapters";

    /// <summary>Merges the row's LoRAs into the model until the result is disposed; a row without any merges none.</summary>
    /// <exception cref="InvalidModelException">A file cannot be read, or is for another model.</exception>
    public static LoraMerge Merge(VerificationRun run, JsonElement row, StableDiffusionModel model)
    {
        var loras = new List<WeightedLora>();
        try
        {
            foreach (var adapter in row.TryGetProperty(Field, out var adapters) ? adapters.EnumerateArray() : default)
            {
                loras.Add(new WeightedLora(LoraFile.Load(run.Use(adapter.Field("file").GetString()!)), adapter.Field("scale").GetDouble()));
            }

            return LoraMerge.Apply(model, loras);
        }
        finally
        {
            loras.ForEach(lora => lora.File.Dispose());
        }
    }
}
