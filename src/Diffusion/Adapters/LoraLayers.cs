using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>Gathers a file's keys to layers, and refuses a file in which any key is not understood.</summary>
internal static class LoraLayers
{
    /// <exception cref="LoraException">Another kind of adapter, none at all, or one with tensors missing or misshapen.</exception>
    public static IReadOnlyList<LoraLayer> Of(SafetensorsFile file)
    {
        string[] keys = [.. file.Tensors.Keys.Order(StringComparer.Ordinal)];
        if (keys.Select(LoraKey.OtherKind).FirstOrDefault(kind => kind is not null) is { } kind)
        {
            throw new LoraException(file.Path, $"it is {kind}, and only LoRA and LoCon are read", [.. keys.Where(key => LoraKey.OtherKind(key) is not null)]);
        }

        string[] unknown = [.. keys.Where(key => LoraKey.Parse(key) is null)];
        if (unknown.Length > 0)
        {
            string what = unknown.Length == keys.Length ? "it is no LoRA: none of its keys is one's" : "it has keys that are no LoRA's";
            throw new LoraException(file.Path, what, unknown);
        }

        var scaling = LoraScaling.Of(file.Path, file.Metadata);
        var layers = keys.GroupBy(key => LoraKey.Parse(key)!.Value with { Part = default }).Select(group => Read(file, scaling, group)).ToList();
        return layers.Count > 0 ? layers : throw new LoraException(file.Path, "it is empty");
    }

    private static LoraLayer Read(SafetensorsFile file, LoraScaling scaling, IGrouping<LoraKey, string> keys)
    {
        var byPart = keys.ToLookup(key => LoraKey.Parse(key)!.Value.Part);
        if (byPart.FirstOrDefault(part => part.Count() > 1) is { } twice)
        {
            throw new LoraException(file.Path, "it names a layer's tensor in two ways", [.. twice]);
        }

        if (!byPart.Contains(LoraPart.Down) || !byPart.Contains(LoraPart.Up))
        {
            throw new LoraException(file.Path, "a layer has half of its pair of tensors only, as if the file was cut", [.. keys]);
        }

        var (component, name, _) = keys.Key;
        if (scaling.UsesDora(component))
        {
            throw new LoraException(file.Path, "its configuration says that it is DoRA, and only LoRA and LoCon are read");
        }

        var layer = new LoraLayer(file, component, name, byPart[LoraPart.Down].First(), byPart[LoraPart.Up].First(), byPart[LoraPart.Mid].FirstOrDefault(), 1);
        if (!layer.IsWhole)
        {
            throw new LoraException(file.Path, "a layer's tensors do not fit each other", [.. keys.Select(key => $"{key} [{string.Join(", ", file.Tensors[key].Shape)}]")]);
        }

        long rank = file.Tensors[layer.Down].Shape[0];
        return layer with { Factor = byPart[LoraPart.Alpha].FirstOrDefault() is { } alpha ? Number(file, alpha) / rank : scaling.Factor(component, name, rank) };
    }

    private static double Number(SafetensorsFile file, string key)
    {
        using var scope = NewDisposeScope();
        var value = file.Read(key);
        double number = value.numel() == 1 ? value.to(ScalarType.Float64).item<double>() : double.NaN;
        return double.IsFinite(number) ? number : throw new LoraException(file.Path, "an alpha is no number", [key]);
    }
}
