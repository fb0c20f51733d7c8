using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Schedulers;

/// <summary>Runs that leave out steps at their start, as image-to-image does, against diffusers' (0.40, PyTorch 1.13) in midway.json: one
/// generator draws the noise, then the clean sample; the stand-in for the network is the goldens'.</summary>
public sealed class MidwayTests
{
    private static readonly JsonElement[] Rows = [.. Read().EnumerateArray()];

    public static TheoryData<int, string> Cases => [.. Rows.Select((row, index) => (index, $"{row.GetProperty("scheduler")} {row.GetProperty("config")}"))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_from_the_middle_ends_where_diffusers_ends(int index, string described)
    {
        using var scope = NewDisposeScope();
        var row = Rows[index];
        using var generator = new Generator((ulong)row.GetProperty("seed").GetInt64(), CPU);
        var config = new SchedulerConfig(JsonNode.Parse(row.GetProperty("config").GetRawText())!.AsObject(), described);
        using var scheduler = SchedulerFactory.Create(row.GetProperty("scheduler").GetString()!, config);
        scheduler.SetTimesteps(row.GetProperty("steps").GetInt32());
        var arguments = row.GetProperty("step_arguments");
        var options = StepOptions.Default with
        {
            Eta = arguments.TryGetProperty("eta", out var eta) ? eta.GetDouble() : null,
            SNoise = arguments.TryGetProperty("s_noise", out var factor) ? factor.GetDouble() : 1,
        };

        var noise = new NoiseSource(generator);
        int start = row.GetProperty("left_out").GetInt32() * scheduler.Order;
        Tensor first = noise.Draw([1, 2, 3, 4], CPU), clean = noise.Draw([1, 2, 3, 4], CPU);
        var sample = scheduler.AddNoise(clean, first, start);
        for (int step = start; step < scheduler.Timesteps.Count; step++)
        {
            double t = scheduler.Timesteps[step];
            var x = scheduler.ScaleModelInput(sample, step);
            var output = (x.tanh() * (0.6 * Math.Cos(t / 900))) + (((x * 2) + (t / 150)).sin() * 0.25);
            sample = scheduler.Step(output, step, sample, options, noise);
        }

        float[] expected = [.. row.GetProperty("sample").EnumerateArray().Select(value => value.GetSingle())];
        float largest = expected.Max(Math.Abs);
        Assert.All(sample.data<float>().ToArray().Zip(expected), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / largest, 0, 1e-5f)); // the goldens' bound
    }

    private static JsonElement Read()
    {
        using var stream = typeof(MidwayTests).Assembly.GetManifestResourceStream("midway.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
