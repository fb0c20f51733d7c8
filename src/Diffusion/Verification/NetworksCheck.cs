using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
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
            string model = Path.GetFileNameWithoutExtension(path);
            using var file = run.OpenTensors(path);
            if (run.Has($"models/{model}/config.json"))
            {
                // one network alone, whose tensors have no first part
                yield return NotBuilt($"networks: {model}", file.Tensors.Count, $"{run.ReadJson($"models/{model}/config.json").GetProperty("_class_name")} is not built");
                continue;
            }

            foreach (var network in file.Tensors.Keys.GroupBy(key => key.Split('.')[0]).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                string folder = $"models/{model}/{network.Key}";
                string[] tensors = [.. network.Select(key => key[(network.Key.Length + 1)..])];
                foreach (var row in Compare(new Case(run, file, network.Key, tensors), folder, $"networks: {model} {network.Key}"))
                {
                    yield return row;
                }
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
            switch (reference.Network)
            {
                case "text_encoder": TextEncoder(reference, folder, comparison, NetworkFolder.LoadTextEncoder); break;
                case "text_encoder_2": TextEncoder(reference, folder, comparison, NetworkFolder.LoadTextEncoder2); break;
                case "unet": UNet(reference, folder, comparison); break;
                case "vae": Vae(reference, folder, comparison); break;
                default: return [NotBuilt(name, reference.Tensors.Count, $"{reference.Network} is not built")];
            }
        }
        catch (UnsupportedConfigException unsupported)
        {
            return [NotBuilt(name, reference.Tensors.Count, $"{unsupported.Field} {unsupported.Value} is not built")];
        }
        catch (InvalidModelException invalid)
        {
            comparison.Fail(reference.Network, invalid.Message);
        }

        return [.. comparison.Rows()];
    }

    private static VerificationRow NotBuilt(string name, int cases, string reason) => new(name, cases, VerificationOutcome.NotCovered, Note: reason);

    private static void TextEncoder(Case reference, string folder, Comparison comparison, Func<string, ScalarType, Device?, CLIPTextEncoder> load)
    {
        using var network = load(reference.Run.Use(folder), reference.Run.Dtype, reference.Run.Device);
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

    private static void UNet(Case reference, string folder, Comparison comparison)
    {
        using var network = NetworkFolder.LoadUNet(reference.Run.Use(folder), reference.Run.Dtype, reference.Run.Device);
        var made = new Dictionary<string, Tensor>();
        var kept = CurrentDisposeScope!;
        network.Observer = (name, tensor) => made[$"inside.{name}"] = tensor.clone().MoveToOtherDisposeScope(kept);
        var added = reference.Tensors.Contains("time_ids") ? new AddedConditions(reference.Input("text_embeds"), reference.Input("time_ids")) : null;
        made["out"] = network.call(reference.Input("sample"), reference.Input("timestep"), new UNetConditions(reference.Input("encoder_hidden_states"), added));
        reference.Outputs(made, comparison, "sample", "timestep", "encoder_hidden_states", "text_embeds", "time_ids");
    }

    private static void Vae(Case reference, string folder, Comparison comparison)
    {
        using var network = NetworkFolder.LoadVae(reference.Run.Use(folder), reference.Run.Dtype, reference.Run.Device);
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
    private sealed record Case(VerificationRun Run, SafetensorsFile File, string Network, IReadOnlyList<string> Tensors)
    {
        public Tensor Input(string name) => File.Read($"{Network}.{name}", Run.Dtype, Run.Device);

        /// <summary>Compares every tensor of the file that is not an input; one that the network did not make is a failure.</summary>
        public void Outputs(Dictionary<string, Tensor> made, Comparison comparison, params string[] inputs)
        {
            foreach (string name in Tensors.Except(inputs))
            {
                if (made.TryGetValue(name, out var tensor))
                {
                    comparison.Relative(name, tensor, File.Read($"{Network}.{name}"));
                }
                else
                {
                    comparison.Fail(name, "the network makes no such output");
                }
            }
        }
    }
}
