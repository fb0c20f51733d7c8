using System.Text.Json;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>pipelines/*.json with the tensors beside them: whole requests, to the latents before the VAE and to the picture.</summary>
internal sealed class PipelinesCheck : IVerificationCheck
{
    private const string Folder = "pipelines";
    private static readonly string[] Parts = ["latents", "steps", "image"]; // of a row, in the file of tensors

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        using var networks = new PipelineNetworks(run);
        foreach (string path in run.Files(Folder, ".json"))
        {
            foreach (var row in VerificationRun.Guarded(path, () => RunFile(run, path, networks, cancellationToken)))
            {
                yield return row;
            }
        }
    }

    private static List<VerificationRow> RunFile(VerificationRun run, string path, PipelineNetworks networks, CancellationToken cancellationToken)
    {
        string title = Path.ChangeExtension(path, null);
        var latents = new Comparison(run, $"{title}: latents", run.Bound(1e-3));
        var steps = new Comparison(run, $"{title}: latents after each step", run.Bound(1e-3));
        var pictures = new Comparison(run, $"{title}: pictures, in 1/255", run.Bound(1));
        var missing = new NotCovered(title);
        using var expected = run.OpenTensors(Path.ChangeExtension(path, ".safetensors"));
        var rows = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in run.ReadJson(path).EnumerateArray())
        {
            string name = row.Field("name").GetString()!;
            rows.Add(name);
            try
            {
                var read = new PipelineRow(run, path, row, networks);
                using var adapters = PipelineAdapters.Merge(run, row, read.Model);
                RunRow(run, name, new StableDiffusionPipeline(read.Model), read.Requests, expected, (latents, steps, pictures), cancellationToken);
            }
            catch (Exception error) when (error is NotSupportedException or UnsupportedConfigException)
            {
                missing.Add(error.Message.Split(';')[0]);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                latents.Fail(name, LibTorchError.Words(error));
            }
        }

        foreach (string tensor in expected.Tensors.Keys.Where(tensor => !rows.Contains(tensor[..tensor.LastIndexOf('.')]) || !Parts.Contains(tensor.Split('.')[^1])))
        {
            missing.Add($"{tensor} belongs to no row");
        }

        return [.. latents.Rows(), .. steps.Rows(), .. pictures.Rows(), .. missing.Rows()];
    }

    private static void RunRow(
        VerificationRun run, string name, StableDiffusionPipeline pipeline, IReadOnlyList<GenerationRequest> requests, SafetensorsFile expected,
        (Comparison Latents, Comparison Steps, Comparison Pictures) rows, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var (latents, pictures) = (new List<Tensor>(), new List<Tensor>());
        var steps = new List<Tensor>(); // each picture's, one after another
        bool wantsSteps = expected.Tensors.ContainsKey($"{name}.steps");
        void Keep(DenoisingStep news)
        {
            if (wantsSteps)
            {
                steps.Add(news.Latents.cpu().clone().MoveToOuterDisposeScope());
            }
        }

        foreach (var image in requests.SelectMany(request => pipeline.Generate(request, Keep, cancellationToken)))
        {
            latents.Add(image.Latents.cpu());
            var picture = image.Picture;
            pictures.Add(tensor(picture.Pixels, [1, picture.Height, picture.Width, picture.Channels], dtype: ScalarType.Byte));
        }

        rows.Latents.Relative(name, cat(latents, 0), expected.Read($"{name}.latents"));
        rows.Pictures.Absolute(name, cat(pictures, 0), expected.Read($"{name}.image"));
        if (wantsSteps)
        {
            rows.Steps.Relative(name, stack([.. steps.Chunk(steps.Count / latents.Count).Select(picture => cat(picture, 0))], 1), expected.Read($"{name}.steps"));
        }
    }
}
