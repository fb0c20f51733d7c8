using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Training;

/// <summary>What trainers do beside the figures that <c>./farm verify</c> holds against the reference.</summary>
public sealed class TrainerTests
{
    private const double Relative = 1e-4;
    private static readonly OptimizationOptions Options = new() { Steps = 1, BatchSize = 1, LearningRate = 1e-3 };
    private static readonly NoiseSchedule Schedule = NoiseSchedule.ScaledLinear(0.00085, 0.012, 1000);

    [Fact]
    public void Shards_of_a_batch_give_its_gradients_and_the_same_bits_every_time()
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var loss = new NoisePredictionLoss(unet, Schedule);
        var parameters = unet.parameters().ToList();
        var batch = Batch(golden);

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

        (double Loss, IReadOnlyList<Tensor> Gradients) Mean(int shards) =>
            ShardGradients.Mean([.. batch.Chunk(shards).Select(part => new Func<Tensor>(() => loss.Of(part)))], parameters, concurrently: shards);
    }

    [Fact]
    public void Gradients_that_share_their_memory_are_summed_apart()
    {
        using var scope = NewDisposeScope();
        using Parameter one = new(ones(2)), other = new(ones(2));
        Func<Tensor> loss = () => (one + other).pow(2).sum(); // both have the slope 2 · (1 + 1)
        var gradients = ShardGradients.Mean([loss, loss], [one, other]).Gradients;
        Assert.All(gradients, gradient => Assert.Equal([4, 4], gradient.data<float>().ToArray()));
    }

    [Fact]
    public void Shards_and_accumulation_part_a_batch_and_a_batch_that_does_not_part_is_refused()
    {
        var options = Options with { BatchSize = 8, Shards = 2, AccumulationSteps = 2 };
        Assert.Equal([2, 2, 2, 2], options.Shard([arange(8)], part => part[0]).Select(part => part().shape[0]));
        var error = Assert.Throws<InvalidOperationException>(() => (options with { BatchSize = 6 }).Parts);
        Assert.Contains("A batch of 6 does not part into 2 times 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prior_preservation_adds_the_class_at_its_weight()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var loss = new NoisePredictionLoss(unet, Schedule);
        var halves = Batch(golden).Chunk(2);
        double subject = loss.Of(halves[0]).item<float>(), prior = loss.Of(halves[1]).item<float>();
        Assert.Equal(subject + 0.25 * prior, loss.WithPrior(halves[0], halves[1], 0.25).item<float>(), Relative * subject);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(5.0)]
    public void Losses_of_a_network_in_half_precision_are_summed_in_single(double? gamma)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var precise = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        using var half = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"), ScalarType.BFloat16);
        var batch = Batch(golden);

        var expected = new NoisePredictionLoss(precise, Schedule) { MinSnrGamma = gamma }.Of(batch).item<float>();
        var loss = new NoisePredictionLoss(half, Schedule) { MinSnrGamma = gamma }.Of(batch with
        {
            Latents = batch.Latents.bfloat16(), Noise = batch.Noise.bfloat16(), Embeddings = batch.Embeddings.bfloat16(),
        });

        Assert.Equal(expected, loss.item<float>(), 0.01 * expected); // of bfloat16's eight bits
    }

    [Fact]
    public void Gradients_that_are_no_numbers_are_refused_before_the_step()
    {
        using var scope = NewDisposeScope();
        using var weight = new Parameter(zeros(2));
        using var optimization = new Optimization([weight], Options);
        var error = Assert.Throws<InvalidOperationException>(() => optimization.Step(_ => [() => weight.sqrt().sum()])); // 0, of infinite slope
        Assert.Contains("at step 1", error.Message, StringComparison.Ordinal);
        Assert.Equal([0, 0], weight.data<float>().ToArray());
    }

    [Fact]
    public void Weights_that_a_loss_does_not_depend_on_are_an_error()
    {
        using var scope = NewDisposeScope();
        using Parameter weight = new(ones(2)), other = new(ones(3)), frozen = new(ones(1), requires_grad: false);
        using var optimization = new Optimization([weight, other], Options with { Schedule = LearningRateSchedule.Constant });
        Assert.Contains("weight 2 of the 2", Refusal(() => weight.sum()), StringComparison.Ordinal);
        Assert.Contains("none of the weights", Refusal(() => frozen.sum()), StringComparison.Ordinal);
        using var noGrad = no_grad();
        optimization.Step(_ => [() => weight.sum() + other.sum()]); // records for itself
        Assert.NotEqual(1, weight[0].item<float>());

        string Refusal(Func<Tensor> loss) => Assert.Throws<InvalidOperationException>(() => optimization.Step(_ => [loss])).Message;
    }

    [Fact]
    public void Contrastive_trainer_outlives_the_scope_that_it_was_made_in()
    {
        using var textEncoder = NetworkFolder.LoadTextEncoder(Goldens.Path("models/tiny-sd15/text_encoder"));
        using var pictureEncoder = new PictureEncoder(textEncoder.Config.ProjectionDim);
        ContrastiveTrainer trainer;
        using (NewDisposeScope())
            trainer = new ContrastiveTrainer(textEncoder, pictureEncoder, Options);
        using (trainer)
        using (NewDisposeScope())
        {
            var loss = trainer.Loss((zeros(1, 3, 64, 64), tensor(new long[,] { { 998, 5, 999 } })));
            Assert.Equal(0, loss.item<float>()); // one pair is never mistaken
        }
    }

    [Fact]
    public void Noise_without_any_signal_weighs_one()
    {
        using var scope = NewDisposeScope();
        var weights = NoisePredictionLoss.MinSnrWeights(Schedule.WithZeroTerminalSnr(), tensor(new long[] { 999, 0 }), 5, PredictionType.Epsilon);
        Assert.Equal(1, weights[0].item<float>());
        Assert.InRange(weights[1].item<float>(), 1e-4, 0.1);
    }

    [Fact]
    public void Attached_pairs_learn_while_the_network_stays_and_leave_it_as_it_was()
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsFile(Goldens.Path("training/noise_prediction.safetensors"));
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var (loss, batch) = (new NoisePredictionLoss(unet, Schedule), Batch(golden));
        var weights = unet.parameters().Select(parameter => parameter.detach().clone()).ToList();
        double before = loss.Of(batch).item<float>();
        using (var pairs = new LoraPairs(unet, name => name.EndsWith("to_q", StringComparison.Ordinal), rank: 2, alpha: 4))
        {
            Assert.Equal(before, loss.Of(batch).item<float>(), 1e-5); // they start with no update; kernels without gradients may round otherwise
            Assert.All(unet.parameters(), parameter => Assert.False(parameter.requires_grad));
            using var optimization = new Optimization(pairs.Parameters, Options with { Steps = 3, LearningRate = 1e-2, Schedule = LearningRateSchedule.Constant });
            for (int step = 0; step < 3; step++)
                optimization.Step(_ => [() => loss.Of(batch)]);
            Assert.True(loss.Of(batch).item<float>() < before);
        }

        Assert.Equal(before, loss.Of(batch).item<float>());
        Assert.All(unet.parameters().Zip(weights), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
        Assert.All(unet.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Fact]
    public void Pairs_for_layers_that_a_network_does_not_have_are_refused()
    {
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        Assert.Throws<ArgumentException>(() => new LoraPairs(unet, name => name == "to_z", rank: 2, alpha: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LoraPairs(unet, name => name.EndsWith("to_q", StringComparison.Ordinal), rank: 0, alpha: 2));
        Assert.All(unet.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Fact]
    public void Prompts_are_taken_away_at_the_given_rate_and_whole()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var dropped = PromptDropout.Draw(10_000, 0.1, generator);
        Assert.InRange(dropped.sum().item<long>(), 900, 1100); // over three standard deviations of 30
        var ids = PromptDropout.Apply(tensor(new long[,] { { 1, 2 }, { 3, 4 } }), tensor(new long[,] { { 8, 9 } }), tensor(new[] { false, true }));
        Assert.Equal([1, 2, 8, 9], ids.data<long>().ToArray());
    }

    private static NoisePredictionBatch Batch(SafetensorsFile golden) => new(
        golden.Read("batch.latents"), golden.Read("batch.noise"), golden.Read("batch.timesteps"), golden.Read("batch.condition"));
}
