using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Coordinator.Batches.Reruns;

/// <summary>Settings as the fields that they would be resolved from.</summary>
internal static class SettingsAsFields
{
    /// <summary>The fields of a recipe, without texts and seed.</summary>
    /// <param name="settings">The recipe's.</param>
    /// <param name="prompt">A prompt that goes with it: the LoRAs that it names are not among the fields.</param>
    /// <param name="picture">The field's text for a stored picture, by its hash.</param>
    public static BatchRun Of(ImageSettings settings, string prompt, Func<string, string> picture)
    {
        var (second, mask, sizes) = (settings.HighResolution, settings.Inpainting, settings.Sizes);
        var named = settings.PromptSyntax == PromptSyntax.Plain ? [] : LoraTags.Find(prompt).Select(tag => tag.Name).ToHashSet();
        return new BatchRun
        {
            Model = settings.Model,
            PromptSyntax = settings.PromptSyntax,
            Loras = settings.Loras?.Where(lora => !named.Contains(lora.Name)).Select(lora => new LoraUse { Name = lora.Name, Weight = lora.Weight }).ToList(),
            Vae = settings.Vae?.Name,
            ClipSkip = settings.ClipSkip,
            Steps = settings.Steps,
            CfgScale = settings.CfgScale,
            GuidanceRescale = settings.GuidanceRescale,
            Width = settings.Width,
            Height = settings.Height,
            SamplerName = settings.SamplerName,
            Scheduler = settings.Scheduler,
            Eta = settings.Eta,
            InitImages = settings.ImageToImage is { } init ? [picture(init.Image)] : null,
            DenoisingStrength = settings.ImageToImage?.DenoisingStrength ?? second?.DenoisingStrength,
            Mask = mask is null ? null : picture(mask.Mask),
            MaskBlur = mask?.MaskBlur,
            InpaintingMaskInvert = mask is null ? null : mask.InpaintingMaskInvert ? 1 : 0,
            InpaintingFill = (int?)mask?.InpaintingFill,
            InpaintFullRes = mask?.InpaintFullRes,
            InpaintFullResPadding = mask?.InpaintFullResPadding,
            PasteBack = mask?.PasteBack,
            EnableHr = second is null ? null : true,
            HrScale = second?.HrScale,
            HrResizeX = second?.HrScale is null ? second?.HrResizeX : null,
            HrResizeY = second?.HrScale is null ? second?.HrResizeY : null,
            HrUpscaler = second?.HrUpscaler,
            HrSecondPassSteps = second?.HrSecondPassSteps,
            ControlnetUnits = settings.ControlNets?.Select(unit => new ControlNetUnit
            {
                Model = unit.Model,
                Image = picture(unit.Image),
                Weight = unit.Weight,
                GuidanceStart = unit.GuidanceStart,
                GuidanceEnd = unit.GuidanceEnd,
                ControlMode = unit.ControlMode,
            }).ToList(),
            OriginalWidth = sizes?.OriginalWidth,
            OriginalHeight = sizes?.OriginalHeight,
            CropX = sizes?.CropX,
            CropY = sizes?.CropY,
            TargetWidth = sizes?.TargetWidth,
            TargetHeight = sizes?.TargetHeight,
            BatchClass = settings.BatchClass,
        };
    }
}
