using System.Text.RegularExpressions;
using StableDiffusion.Diffusion.Starter.Scenes;

namespace StableDiffusion.Diffusion.Starter.Captions;

/// <summary>Describes scenes in the words a user would choose, in full or leaving colours out.</summary>
public static partial class CaptionWriter
{
    private static readonly string[] NumberWords =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    // F is the foreground, B the background, S the subject.
    private static readonly string[] ShapeInFull =
    [
        "a F S on a B background", "a F S on a B background", "a F S on B", "F S on B", "F S on a B background",
        "F S, B background", "a picture of a F S on a B background",
    ];

    private static readonly string[] ShapeWithoutBackground = ["a F S", "F S", "a picture of a F S"];
    private static readonly string[] ShapeWithoutForeground = ["a S on a B background", "a S on B", "S on B"];
    private static readonly string[] ShapeAlone = ["a S", "S", "a picture of a S"];

    private static readonly string[] DigitInFull =
    [
        "the digit S in F on a B background", "the digit S in F on B", "a F S on a B background", "F S on B",
        "a handwritten F S on a B background", "a handwritten F S on B", "a F digit S on a B background",
        "handwritten digit S in F on B", "the number S in F on a B background", "the digit S, F on B",
    ];

    private static readonly string[] DigitWithoutBackground =
        ["the digit S in F", "a handwritten F S", "a F S", "F digit S", "handwritten digit S in F"];

    private static readonly string[] DigitWithoutForeground =
        ["the digit S on a B background", "a handwritten S on B", "handwritten digit S on a B background"];

    private static readonly string[] DigitAlone =
        ["the digit S", "a handwritten S", "handwritten digit S", "the number S", "S"];

    /// <summary>A caption of <paramref name="scene"/>; most name both colours, some one of them or none.</summary>
    public static Caption Describe(Scene scene, SeededRandom random)
    {
        var kind = random.NextUnit();
        return kind switch
        {
            < 0.78 => DescribeInFull(scene, random),
            < 0.90 => Write(scene, scene.Subject.Digit is null ? ShapeWithoutBackground : DigitWithoutBackground, random),
            < 0.95 => Write(scene, scene.Subject.Digit is null ? ShapeWithoutForeground : DigitWithoutForeground, random),
            _ => Write(scene, scene.Subject.Digit is null ? ShapeAlone : DigitAlone, random),
        };
    }

    /// <summary>A caption that names the subject and both colours.</summary>
    public static Caption DescribeInFull(Scene scene, SeededRandom random) =>
        Write(scene, scene.Subject.Digit is null ? ShapeInFull : DigitInFull, random);

    /// <summary>One of each word that captions use: what the tokenizer learns its merges from.</summary>
    public static IEnumerable<string> Words() =>
        SceneColor.All.Select(color => color.Name)
            .Concat(Subject.All.Select(subject => subject.Name))
            .Concat(NumberWords)
            .Concat(ShapeInFull.Concat(ShapeAlone).Concat(DigitInFull).Concat(DigitAlone)
                .SelectMany(template => template.Split(' ', ','))
                .Where(word => word.Length > 0 && !char.IsUpper(word[0])))
            .Append("grey").Append("an").Distinct();

    private static Caption Write(Scene scene, string[] templates, SeededRandom random)
    {
        var template = random.Pick(templates);
        var spellGrey = random.NextUnit() < 0.3;
        var spellDigit = random.NextUnit() < 0.35;
        string Spell(SceneColor color) => color.Name == "gray" && spellGrey ? "grey" : color.Name;
        var subject = scene.Subject.Digit is { } digit && spellDigit ? NumberWords[digit] : scene.Subject.Name;
        var text = Slot().Replace(template, slot => slot.Value switch
        {
            "F" => Spell(scene.Foreground),
            "B" => Spell(scene.Background),
            _ => subject,
        });
        return new Caption(
            BeforeVowel().Replace(text, "an "), scene.Subject,
            template.Contains('F') ? scene.Foreground : null,
            template.Contains('B') ? scene.Background : null);
    }

    [GeneratedRegex("[FBS]")]
    private static partial Regex Slot();

    [GeneratedRegex(@"\ba (?=orange|8|eight)")]
    private static partial Regex BeforeVowel();
}
