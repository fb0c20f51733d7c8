using System.Text.Json;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Training;

/// <summary>Losses and gradients against PyTorch's, on tiny-sd15; the goldens' README gives the bounds.</summary>
public sealed class TrainerTests
{
    private const double Relative = 1e-4;
    private static readonly OptimizationOptions Options = new() { Steps = 1, BatchSize = 1, LearningRate = 1e-3 };

    [Fact]
    public void Autoencoder_loss_and_gradients_equal_the_reference()
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsFile(Goldens.Path("training/vae.safetensors"));
        using var vae = NetworkFolder.LoadVae(Goldens.Path("models/tiny-sd15/vae"));
        var trainer = new AutoencoderTrainer(vae, Options) { KlWeight = golden.Read("kl_weight").item<float>() };
        using var gradients = Trainable(vae);
        var loss = trainer.Loss(golden.Read("image"), golden.Read("epsilon"));
        loss.backward();
        AssertClose(golden.Read("vae.losses")[0].item<double>(), loss.item<float>());
        AssertGradients(golden, "vae.grad.", vae);
    }

    [Fact]
    public void Noise_prediction_loss_and_gradients_equal_the_reference()
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var trainer = new NoisePredictionTrainer(unet, NoiseSchedule.ScaledLinear(0.00085, 0.012, 1000), Options);
        using var gradients = Trainable(unet);
        var loss = trainer.Loss(golden.Read("batch.latents"), golden.Read("batch.noise"), golden.Read("batch.timesteps"), golden.Read("batch.condition"));
        loss.backward();
        AssertClose(golden.Read("epsilon.losses")[0].item<double>(), loss.item<float>());
        AssertGradients(golden, "epsilon.grad.", unet);
    }

    [Fact]
    public void Shards_of_a_batch_give_its_gradients_and_the_same_bits_every_time()
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var trainer = new NoisePredictionTrainer(unet, NoiseSchedule.ScaledLinear(0.00085, 0.012, 1000), Options);
        using var gradients = Trainable(unet);
        var parameters = unet.parameters().ToList();
        Tensor[] batch = [golden.Read("batch.latents"), golden.Read("batch.noise"), golden.Read("batch.timesteps"), golden.Read("batch.condition")];

        var whole = Mean(shards: 1);
        var halves = Mean(shards: 2);
        var again = Mean(shards: 2);

        Assert.Equal(whole.Loss, halves.Loss, Relative * whole.Loss);
        Assert.Equal(halves.Loss, again.Loss);
        // Where one token attends to itself, the gradients of q and k are rounding alone.
        var rounding = 1e-7 * whole.Gradients.Max(gradient => gradient.abs().max().item<float>());
        foreach (var (expected, half, repeated) in whole.Gradients.Zip(halves.Gradients, again.Gradients))
        {
            Assert.True((expected - half).abs().max().item<float>() <= Relative * expected.abs().max().item<float>() + rounding);
            Assert.True(half.equal(repeated).all().item<bool>());
        }

        (double Loss, IReadOnlyList<Tensor> Gradients) Mean(int shards) => ShardGradients.Mean(
            (Options with { BatchSize = (int)batch[0].shape[0], Shards = shards }).Shard(batch, shard => trainer.Loss(shard[0], shard[1], shard[2], shard[3])), parameters);
    }

    [Fact]
    public void Learning_rate_equals_the_reference_schedule()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Goldens.Path("training/schedules.json")));
        var cosine = json.RootElement.GetProperty("lr").EnumerateObject().First(item => item.Name.Contains("cosine", StringComparison.Ordinal)).Value;
        var arguments = cosine.GetProperty("arguments");
        var (warmup, steps) = (arguments.GetProperty("num_warmup_steps").GetInt32(), arguments.GetProperty("num_training_steps").GetInt32());
        var factors = cosine.GetProperty("factor_at_step").EnumerateArray().Select(item => item.GetDouble()).ToList();
        Assert.All(factors.Index(), item => Assert.Equal(item.Item, LearningRate.CosineWithWarmup(item.Index, warmup, steps), 1e-9));
    }

    [Fact]
    public void Average_decays_as_the_reference_does()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Goldens.Path("training/schedules.json")));
        var plain = json.RootElement.GetProperty("ema_decay").GetProperty("plain");
        var decay = plain.GetProperty("arguments").GetProperty("decay").GetDouble();
        Assert.All(plain.GetProperty("decay_at_step").EnumerateObject(), item =>
            Assert.Equal(item.Value.GetDouble(), ExponentialMovingAverage.DecayAt(int.Parse(item.Name, System.Globalization.CultureInfo.InvariantCulture), decay), 1e-9));
    }

    // A loaded network is for drawing; here its weights are to have gradients.
    private static IDisposable Trainable(nn.Module network)
    {
        network.train();
        foreach (var parameter in network.parameters())
            parameter.requires_grad_(true);
        return enable_grad();
    }

    private static void AssertGradients(SafetensorsFile golden, string prefix, nn.Module network)
    {
        var parameters = network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        foreach (var name in golden.Tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var expected = golden.Read(name);
            var difference = (expected - parameters[name[prefix.Length..]].grad!).abs().max().item<float>();
            Assert.True(difference <= Relative * expected.abs().max().item<float>(), $"{name}: {difference}");
        }
    }

    private static void AssertClose(double expected, double actual) => Assert.Equal(expected, actual, Relative * expected);
}
