using System.Globalization;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>networks/NAME.safetensors: what each network of models/NAME makes of given inputs, inside and out. A tensor's first
/// part names the network: <c>text_encoder.last_hidden_state</c>, <c>unet.inside.mid_block</c>, <c>vae.decoded</c>.</summary>
internal sealed class NetworksCheck : IVerificationCheck
{
    private const double RelativeBound = 1e-4; // sums of thousands of terms in another order

    public IEnumerable<VerificationRow> Run(VerificationRun run, CancellationToken cancellationToken)
    {
        foreach (string path in run.Files("networks", ".safetensors"))
        {
            foreach (var row in VerificationRun.Guarded(path, () => CompareFile(run, path, cancellationToken)))
            {
                yield return row;
            }
        }
    }

    private static IEnumerable<VerificationRow> CompareFile(VerificationRun run, string path, CancellationToken cancellationToken)
    {
        string model = Path.GetFileNameWithoutExtension(path);
        using var file = run.OpenTensors(path);
        var networks = run.Has($"models/{model}/config.json")
            ? file.Tensors.Keys.GroupBy(_ => "") // one network alone, whose tensors have no first part
            : file.Tensors.Keys.GroupBy(key => key.Split('.')[0]);
        foreach (var network in networks.OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string folder = $"models/{model}/{network.Key}".TrimEnd('/');
            var reference = new Case(run, file, network.Key.Length == 0 ? "" : $"{network.Key}.", network);
            foreach (var row in Compare(reference, folder, $"networks: {model} {network.Key}".TrimEnd()))
            {
                yield return row;
            }
        }
    }

    private static VerificationRow[] Compare(Case reference, string folder, string name)
    {
        var comparison = new Comparison(reference.Run, name, reference.Run.Bound(RelativeBound));
        try
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            string path = reference.Run.Use(folder);
            switch (NetworkClass.Of(path).Name)
            {
                case nameof(CLIPTextModel): TextEncoder(reference, path, comparison, NetworkFolder.LoadTextEncoder); break;
                case nameof(CLIPTextModelWithProjection): TextEncoder(reference, path, comparison, NetworkFolder.LoadTextEncoder2); break;
                case nameof(UNet2DConditionModel): UNet(reference, path, comparison); break;
                case nameof(ControlNetModel): ControlNet(reference, path, comparison); break;
                case nameof(AutoencoderKL): Vae(reference, path, comparison); break;
                case var other: return [NotBuilt(name, reference.Tensors.Count(), $"{other} is not built")];
            }
        }
        catch (UnsupportedConfigException unsupported)
        {
            return [NotBuilt(name, reference.Tensors.Count(), unsupported.NotBuilt)];
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            comparison.Fail(name, LibTorchError.Words(error));
        }

        return [.. comparison.Rows()];
    }

    private static VerificationRow NotBuilt(string name, int cases, string reason) => new(name, cases, VerificationOutcome.NotCovered, Note: reason);

    private static void TextEncoder(Case reference, string path, Comparison comparison, Func<string, ScalarType, Device?, CLIPTextEncoder> load)
    {
        using var network = load(path, reference.Run.Dtype, reference.Run.Device);
        var output = network.call(reference.Input("input_ids"));
        var made = new Dictionary<string, Tensor> { ["last_hidden_state"] = output.LastHiddenState, ["pooler_output"] = output.PoolerOutput };
        if (output.TextEmbeds is { } projected)
        {
            made["text_embeds"] = projected;
        }

        foreach (var (index, state) in output.HiddenStates.Index())
        {
            made[$"hidden_states.{index}"] = state;
        }

        reference.Outputs(made, comparison, "input_ids");
    }

    private static void UNet(Case reference, string path, Comparison comparison)
    {
        using var network = NetworkFolder.LoadUNet(path, reference.Run.Dtype, reference.Run.Device);
        var made = new Dictionary<string, Tensor>();
        var kept = CurrentDisposeScope!;
        network.Observer = (name, tensor) => made[$"inside.{name}"] = tensor.clone().MoveToOtherDisposeScope(kept);
        made["out"] = network.call(reference.Input("sample"), reference.Input("timestep"), reference.Conditions());
        reference.Outputs(made, comparison, ["sample", "timestep", .. Case.ConditionNames]);
    }

    private static void ControlNet(Case reference, string path, Comparison comparison)
    {
        using var network = NetworkFolder.LoadControlNet(path, reference.Run.Dtype, reference.Run.Device);
        var output = Run(scale: 1);
        double conditioningScale = ConditioningScale(output.Mid, reference.File.Read($"{reference.Prefix}mid"));
        output = Run(conditioningScale);
        comparison.Remark = $"conditioning scale {conditioningScale.ToString(CultureInfo.InvariantCulture)}, read off the residuals";
        var made = output.Down.Index().ToDictionary(residual => $"down.{residual.Index}", residual => residual.Item);
        made["mid"] = output.Mid;
        reference.Outputs(made, comparison, ["sample", "timestep", "cond", .. Case.ConditionNames]);

        ControlResiduals Run(double scale) => network.call(
            reference.Input("sample"), reference.Input("timestep"), reference.Conditions(), reference.Input("cond"), scale, false);
    }

    /// <summary>
    /// The scale that the references were made with, which their file does not tell: the factor between them and residuals of
    /// scale 1, of two decimals at most, so that an error of the middle residual shows in itself, of the others in the rest. A factor
    /// that all share could hide, and does not from the pipelines' rows, which tell their scales.
    /// </summary>
    private static double ConditioningScale(Tensor made, Tensor reference)
    {
        var (ours, theirs) = (made.cpu().to(ScalarType.Float64), reference.to(ScalarType.Float64));
        return Math.Round(((ours * theirs).sum() / (ours * ours).sum()).item<double>(), 2);
    }

    private static void Vae(Case reference, string path, Comparison comparison)
    {
        using var network = NetworkFolder.LoadVae(path, reference.Run.Dtype, reference.Run.Device);
        using var generator = new Generator((ulong)reference.Input("sample_seed").item<long>(), CPU);
        var posterior = network.Encode(reference.Input("image"));
        var sample = posterior.Sample(generator);
        var made = new Dictionary<string, Tensor>
        {
            ["mean"] = posterior.Mean,
            ["logvar"] = posterior.Logvar,
            ["kl"] = posterior.Kl(),
            ["sample"] = sample,
            ["decoded"] = network.Decode(sample),
        };
        reference.Outputs(made, comparison, "sample_seed", "image");
    }

    /// <summary>One network's tensors in a file of references.</summary>
    /// <param name="Run">The run it is part of.</param>
    /// <param name="File">The references.</param>
    /// <param name="Prefix">What the tensors' names begin with.</param>
    /// <param name="Keys">The tensors' names.</param>
    private sealed record Case(VerificationRun Run, SafetensorsFile File, string Prefix, IEnumerable<string> Keys)
    {
        public static string[] ConditionNames { get; } = ["encoder_hidden_states", "text_embeds", "time_ids"];

        /// <summary>Their names within the network.</summary>
        public IEnumerable<string> Tensors => Keys.Select(key => key[Prefix.Length..]);

        public Tensor Input(string name) => File.Read(Prefix + name, Run.Dtype, Run.Device);

        public UNetConditions Conditions() => new(
            Input("encoder_hidden_states"), Tensors.Contains("time_ids") ? new AddedConditions(Input("text_embeds"), Input("time_ids")) : null);

        /// <summary>Compares every tensor of the file that is not an input; one that the network did not make is a failure.</summary>
        public void Outputs(Dictionary<string, Tensor> made, Comparison comparison, params string[] inputs)
        {
            foreach (string name in Tensors.Except(inputs))
            {
                if (made.TryGetValue(name, out var tensor))
                {
                    comparison.Relative(name, tensor, File.Read(Prefix + name));
                }
                else
                {
                    comparison.Fail(name, "the network makes no such output");
                }
            }
        }
    }
}
