using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Starter.Captions;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Tokenizers;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The CLIP text encoder, trained on captions beside their pictures.</summary>
internal static class TextEncoderStage
{
    private const ulong Seed = 202;

    // A causal encoder's pooled output does not see what follows it, so captions need no more than their own length here.
    private const int LongestCaption = 20;

    public static CLIPTextConfig Config { get; } = new()
    {
        VocabSize = StarterFiles.Vocabulary.Size,
        HiddenSize = 128,
        IntermediateSize = 512,
        ProjectionDim = 128,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        MaxPositionEmbeddings = StarterFiles.ModelMaxLength,
        EosTokenId = StarterFiles.Vocabulary.EndOfTextId,
    };

    public static void Run(StarterRecipeOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        manual_seed((long)Seed);
        var tokenizer = CLIPTokenizer.Load(Path.Combine(options.Folder, "tokenizer"));
        using var textEncoder = new CLIPTextModel(Config);
        using var pictureEncoder = new PictureEncoder(Config.ProjectionDim);
        ShrinkEmbeddings(textEncoder);
        var optimization = new OptimizationOptions
        {
            Steps = options.Steps(500), BatchSize = 128, LearningRate = 1e-3, WarmupSteps = options.Steps(25),
        };
        using var trainer = new ContrastiveTrainer(textEncoder, pictureEncoder, optimization);
        trainer.Run(Batch, progress, cancellationToken);
        NetworkFolder.Save(Path.Combine(options.Folder, "text_encoder"), textEncoder, ScalarType.Float16);

        (Tensor Pictures, Tensor Tokens) Batch(int step)
        {
            var first = (long)step * optimization.BatchSize;
            var scenes = SceneTensors.Range(SceneSplit.Training, first, optimization.BatchSize);
            var captions = scenes.Select((scene, i) => CaptionWriter.Describe(scene, SeededRandom.For(Seed, first + i)).Text);
            return (SceneTensors.Pictures(scenes), Tokens(tokenizer, captions).narrow(1, 0, LongestCaption));
        }
    }

    /// <summary>Padded prompts, (B, 77).</summary>
    public static Tensor Tokens(CLIPTokenizer tokenizer, IEnumerable<string> prompts) =>
        stack(prompts.Select(prompt => tensor(tokenizer.EncodePadded(prompt))));

    // CLIP's own start; PyTorch's is fifty times as large.
    private static void ShrinkEmbeddings(CLIPTextModel textEncoder)
    {
        using var off = no_grad();
        foreach (var (name, parameter) in textEncoder.named_parameters())
        {
            if (name.EndsWith("_embedding.weight", StringComparison.Ordinal))
                parameter.mul_(0.02);
        }
    }
}
