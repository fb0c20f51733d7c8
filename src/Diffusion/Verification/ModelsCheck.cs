using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>models/: every network in it, alone or within a model, loads with no key missing, unexpected or misshapen.</summary>
internal sealed class ModelsCheck : IVerificationCheck
{
    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        var loads = new Comparison(run, "models: networks load strictly", 0);
        var missing = new NotCovered("models");
        foreach (string folder in run.Folders("models").SelectMany(model => run.Folders(model).Prepend(model)).Where(folder => run.Has($"{folder}/config.json")))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                Load(run, folder).Dispose();
                loads.Equal(folder, true);
            }
            catch (UnsupportedConfigException unsupported)
            {
                missing.Add(unsupported.NotBuilt);
            }
            catch (InvalidModelException invalid)
            {
                loads.Fail(folder, invalid.Message);
            }
        }

        return [.. loads.Rows(), .. missing.Rows()];
    }

    private static IDisposable Load(VerificationRun run, string folder)
    {
        string path = run.Use(folder);
        var network = NetworkClass.Of(path);
        return network.Name switch
        {
            nameof(CLIPTextModel) => NetworkFolder.LoadTextEncoder(path, run.Dtype, run.Device),
            nameof(CLIPTextModelWithProjection) => NetworkFolder.LoadTextEncoder2(path, run.Dtype, run.Device),
            nameof(CLIPModel) => NetworkFolder.LoadClip(path, run.Dtype, run.Device),
            nameof(UNet2DConditionModel) => NetworkFolder.LoadUNet(path, run.Dtype, run.Device),
            nameof(ControlNetModel) => NetworkFolder.LoadControlNet(path, run.Dtype, run.Device),
            nameof(AutoencoderKL) => NetworkFolder.LoadVae(path, run.Dtype, run.Device),
            var other => throw new UnsupportedConfigException(
                path, network.Field, other, $"{nameof(CLIPTextModel)}, {nameof(CLIPTextModelWithProjection)}, {nameof(CLIPModel)}, {nameof(UNet2DConditionModel)}, {nameof(ControlNetModel)}, {nameof(AutoencoderKL)}"),
        };
    }
}
