using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Starter.Scenes;
using StableDiffusion.Diffusion.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Starter.Classifier;

/// <summary>Says what a 64×64 picture shows: the subject, the subject's colour and the background's.</summary>
public sealed class PictureClassifier : nn.Module<Tensor, Tensor>
{
    private const string FileName = "classifier.safetensors";
    private static readonly int Subjects = Subject.All.Count;
    private static readonly int Colors = SceneColor.All.Count;
    private readonly PictureEncoder encoder;

    /// <summary>Builds the network with random weights.</summary>
    public PictureClassifier()
        : base(nameof(PictureClassifier))
    {
        encoder = new PictureEncoder(Subjects + 2 * Colors);
        RegisterComponents();
    }

    /// <summary>Loads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidModelException">A weight is missing or the file is damaged.</exception>
    public static PictureClassifier Load(string folder)
    {
        var classifier = new PictureClassifier();
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var file = new SafetensorsFile(Path.Combine(folder, FileName));
        foreach (var (name, parameter) in classifier.named_parameters())
            parameter.copy_(file.Read(name, ScalarType.Float32));
        classifier.eval();
        return classifier;
    }

    /// <summary>Writes the weights in fp16.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(Path.Combine(folder, FileName),
            named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.to(ScalarType.Float16)));
    }

    /// <param name="pictures">(B, 3, 64, 64), values −1 … 1</param>
    /// <returns>(B, subjects + colours + colours), logits</returns>
    public override Tensor forward(Tensor pictures) => encoder.call(pictures);

    /// <summary>What each picture shows.</summary>
    /// <param name="pictures">(B, 3, 64, 64), values −1 … 1</param>
    public IReadOnlyList<Verdict> Judge(Tensor pictures)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var parts = Split(call(pictures)).Select(part => part.argmax(1).data<long>().ToArray()).ToList();
        return [.. Enumerable.Range(0, (int)pictures.shape[0]).Select(i => new Verdict(
            Subject.All[(int)parts[0][i]], SceneColor.All[(int)parts[1][i]], SceneColor.All[(int)parts[2][i]]))];
    }

    /// <summary>What the classes of scenes are, (B, 3): subject, its colour, the background's.</summary>
    internal static Tensor Classes(IReadOnlyList<Scene> scenes) =>
        tensor(scenes.SelectMany(scene => new long[] { scene.Subject.Index, scene.Foreground.Index, scene.Background.Index }).ToArray()).reshape(scenes.Count, 3);

    /// <summary>Cross-entropies of the three answers, summed.</summary>
    internal Tensor Loss(Tensor pictures, Tensor classes)
    {
        var parts = Split(call(pictures));
        return cross_entropy(parts[0], classes.select(1, 0)) + cross_entropy(parts[1], classes.select(1, 1)) + cross_entropy(parts[2], classes.select(1, 2));
    }

    private static Tensor[] Split(Tensor logits) =>
        [logits.narrow(1, 0, Subjects), logits.narrow(1, Subjects, Colors), logits.narrow(1, Subjects + Colors, Colors)];
}
