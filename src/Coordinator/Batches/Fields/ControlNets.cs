using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>Control images and the networks that read them.</summary>
internal static class ControlNets
{
    private const int MostUnits = 8;
    private const double MostWeight = 2;

    /// <summary>The units in order; null for none.</summary>
    public static IReadOnlyList<ControlNetSettings>? Resolve(
        IReadOnlyList<ControlNetUnit>? units, Catalog catalog, RequestInputs inputs, RequestErrors errors)
    {
        if (units is null or { Count: 0 })
        {
            return null;
        }

        if (units.Count > MostUnits)
        {
            errors.Add("controlnet_units", $"{units.Count} units are too many: give at most {MostUnits}.");
            return null;
        }

        List<ControlNetSettings> resolved = [.. units.Select((unit, index) => Resolve($"controlnet_units[{index}]", unit ?? new(), catalog, inputs, errors))];
        if (resolved.Select(unit => unit.ControlMode).Distinct().Count() > 1)
        {
            errors.Add("controlnet_units", "The units have different modes: give all the same control_mode.");
        }

        return resolved;
    }

    private static ControlNetSettings Resolve(string field, ControlNetUnit unit, Catalog catalog, RequestInputs inputs, RequestErrors errors)
    {
        if (unit.Model is null)
        {
            errors.Add($"{field}.model", $"Name a ControlNet ({catalog.Known(AdapterKind.Controlnet)}).");
        }

        var network = unit.Model is null ? null : NamedAdapters.Find($"{field}.model", AdapterKind.Controlnet, unit.Model, catalog, errors);
        var mode = ControlModes.Names.FirstOrDefault(name => name.Equals(unit.ControlMode ?? ControlModes.Balanced, StringComparison.OrdinalIgnoreCase));
        if (mode is null)
        {
            errors.Add($"{field}.control_mode", $"There is no such mode: give one of {string.Join(", ", ControlModes.Names.Select(name => $"\"{name}\""))}.");
        }

        var start = errors.Number($"{field}.guidance_start", unit.GuidanceStart, 0, 0, 1);
        var end = errors.Number($"{field}.guidance_end", unit.GuidanceEnd, 1, 0, 1);
        if (start >= end && start is >= 0 and <= 1 && end is >= 0 and <= 1)
        {
            errors.Add($"{field}.guidance_end", $"{end} is not after guidance_start, {start}: give a greater one.");
        }

        return new ControlNetSettings
        {
            Model = network?.Name ?? "",
            Hash = network?.Hash ?? "",
            Image = inputs.Read($"{field}.image", unit.Image, errors)?.Hash ?? "",
            Weight = errors.Number($"{field}.weight", unit.Weight, 1, 0, MostWeight),
            GuidanceStart = start,
            GuidanceEnd = end,
            ControlMode = mode ?? "",
        };
    }
}
