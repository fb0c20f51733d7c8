using StableDiffusion.Diffusion.Starter.Scenes;

namespace StableDiffusion.Diffusion.Tests.Starter;

public sealed class SceneTests
{
    [Fact]
    public void The_same_scene_gives_the_same_bytes()
    {
        for (var i = 0; i < 50; i++)
            Assert.Equal(SceneRenderer.Render(Scene.At(SceneSplit.Training, i)), SceneRenderer.Render(Scene.At(SceneSplit.Training, i)));
    }

    [Fact]
    public void Another_seed_draws_the_subject_another_way()
    {
        var pictures = Enumerable.Range(0, 20).Select(seed => SceneRenderer.Render(new Scene(Subject.All[0], SceneColor.All[0], SceneColor.All[7], (ulong)seed)));
        Assert.Equal(20, pictures.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Splits_share_no_scene()
    {
        var seeds = Enum.GetValues<SceneSplit>().SelectMany(split => Enumerable.Range(0, 2000).Select(i => Scene.At(split, i).Seed)).ToList();
        Assert.Equal(seeds.Count, seeds.Distinct().Count());
    }

    [Fact]
    public void The_picture_has_the_colours_that_the_scene_names()
    {
        for (var i = 0; i < 300; i++)
        {
            var scene = Scene.At(SceneSplit.HeldOut, i);
            var colors = SceneRenderer.Render(scene).Chunk(3).Select(Nearest).ToList();
            Assert.Equal(scene.Background, colors.GroupBy(color => color).MaxBy(group => group.Count())!.Key);
            Assert.Equal(scene.Background, colors[0]);
            // Antialiased edges are mixtures, and a mixture may be nearest to a third colour.
            Assert.True(colors.Count(color => color == scene.Foreground) >= 40, $"{scene}");
        }
    }

    [Fact]
    public void Every_subject_and_every_pair_of_colours_comes_up()
    {
        var scenes = Enumerable.Range(0, 5000).Select(i => Scene.At(SceneSplit.Training, i)).ToList();
        Assert.Equal(Subject.All.Count, scenes.Select(scene => scene.Subject).Distinct().Count());
        Assert.Equal(90, scenes.Select(scene => (scene.Foreground, scene.Background)).Distinct().Count());
        Assert.DoesNotContain(scenes, scene => scene.Foreground == scene.Background);
    }

    private static SceneColor Nearest(byte[] pixel) => SceneColor.All.MinBy(color =>
        Math.Pow(color.Red - pixel[0], 2) + Math.Pow(color.Green - pixel[1], 2) + Math.Pow(color.Blue - pixel[2], 2))!;
}
