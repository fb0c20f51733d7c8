using StableDiffusion.Diffusion.Starter.Scenes;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter;

/// <summary>Scenes as the networks take them.</summary>
public static class SceneTensors
{
    /// <summary>Renders scenes, several at a time.</summary>
    /// <returns>(B, 3, 64, 64), values −1 … 1</returns>
    public static Tensor Pictures(IReadOnlyList<Scene> scenes)
    {
        var rendered = new byte[scenes.Count][];
        Parallel.For(0, scenes.Count, i => rendered[i] = SceneRenderer.Render(scenes[i]));
        return FromPixels(rendered, SceneRenderer.Size);
    }

    /// <summary>Square RGB pictures, rows of interleaved bytes, as (B, 3, size, size) in −1 … 1.</summary>
    public static Tensor FromPixels(IReadOnlyList<byte[]> pictures, int size)
    {
        var area = size * size;
        var values = new float[pictures.Count * 3 * area];
        for (var b = 0; b < pictures.Count; b++)
            for (var c = 0; c < 3; c++)
                for (var i = 0; i < area; i++)
                    values[(b * 3 + c) * area + i] = pictures[b][3 * i + c] / 127.5f - 1;
        return tensor(values).reshape(pictures.Count, 3, size, size);
    }

    /// <summary>Scenes <paramref name="first"/> … <paramref name="first"/> + <paramref name="count"/> − 1 of a split.</summary>
    public static IReadOnlyList<Scene> Range(SceneSplit split, long first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Scene.At(split, first + i))];
}
