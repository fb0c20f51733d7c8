using StableDiffusion.Diffusion.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>single-files/: checkpoints in the LDM/OpenCLIP layout, in half precision, give the weights of the folder of the same name in
/// models/, which also has their sizes.</summary>
internal sealed class SingleFilesCheck : IVerificationCheck
{
    private const string Folder = "single-files";

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        foreach (string path in run.Files(Folder, ".safetensors"))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = Path.GetFileNameWithoutExtension(path);
            var comparison = new Comparison(run, $"{Folder}: {name}", 0, alwaysJudged: true);
            try
            {
                Compare(comparison, run.Use(path), run.Use($"models/{name}"));
            }
            catch (InvalidModelException invalid)
            {
                comparison.Fail(name, invalid.Message);
            }

            foreach (var row in comparison.Rows())
            {
                yield return row;
            }
        }
    }

    private static void Compare(Comparison comparison, string file, string folder)
    {
        using var scope = NewDisposeScope();
        using var single = StableDiffusionModel.Load(file, options: new SingleFileOptions { ConfigFolder = folder });
        using var whole = StableDiffusionModel.Load(folder);
        var ours = Networks(single).ToDictionary(weight => weight.Name, weight => weight.Value);
        var theirs = Networks(whole).ToDictionary(weight => weight.Name, weight => weight.Value);
        foreach (string name in ours.Keys.Union(theirs.Keys))
        {
            comparison.Equal(name, ours.TryGetValue(name, out var our) && theirs.TryGetValue(name, out var their)
                && our.equal(their.to(ScalarType.Float16).to(ScalarType.Float32)).all().item<bool>());
        }

        comparison.Equal("prediction type", (string?)single.SchedulerConfig["prediction_type"] == ((string?)whole.SchedulerConfig["prediction_type"] ?? "epsilon"));
    }

    private static IEnumerable<(string Name, Tensor Value)> Networks(StableDiffusionModel model) =>
        new (string Name, Module? Network)[] { ("text_encoder", model.TextEncoder), ("text_encoder_2", model.TextEncoder2), ("vae", model.Vae), ("unet", model.UNet) }
            .Where(network => network.Network is not null)
            .SelectMany(network => network.Network!.named_parameters().Select(weight => ($"{network.Name}.{weight.name}", (Tensor)weight.parameter)));
}
