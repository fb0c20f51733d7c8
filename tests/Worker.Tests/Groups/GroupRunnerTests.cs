using System.Security.Cryptography;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Groups;

public sealed class GroupRunnerTests
{
    [Fact]
    public async Task Every_image_is_stored_under_its_key_and_reported_with_its_hash()
    {
        using var bench = new Bench();
        var images = new[] { Some.Image(), Some.Image(seed: 43) };

        await bench.RunAsync(Some.Group(images));

        Assert.Equal(images.Select(i => i.ObjectKey).Order(), bench.Store.Objects.Keys.Order());
        foreach (var image in images)
        {
            var file = bench.Store.Objects[image.ObjectKey];
            var report = Assert.Single(bench.Bus.Rendered, r => r.ImageId == image.ImageId);
            Assert.Equal((image.AttemptId, file.Length), (report.AttemptId, report.Bytes));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), report.Sha256);
            Assert.Equal((TimeSpan.FromSeconds(1), Some.Settings.Steps, 1 << 20), (report.RenderTime, report.Steps, report.PeakMemory));
            Assert.All(PngReader.Read(file).Picture.Pixels, value => Assert.Equal((byte)image.Seed, value));
        }
        Assert.Empty(bench.Bus.Failed);
        Assert.Single(bench.Renderer.Groups);
    }

    [Fact]
    public async Task Rerun_under_other_ids_gives_the_same_bytes()
    {
        using var bench = new Bench();
        var (first, second) = (Some.Image(), Some.Image());

        await bench.RunAsync(Some.Group(first));
        bench.Time.Advance(TimeSpan.FromDays(1));
        await bench.RunAsync(Some.Group(second, Some.Image()));

        Assert.Equal(bench.Store.Objects[first.ObjectKey], bench.Store.Objects[second.ObjectKey]);
    }

    [Fact]
    public async Task Manifest_says_how_the_settings_had_a_single_file_read()
    {
        using var bench = new Bench();
        bench.Options.SingleFiles.Add("Starter", new SingleFileSetting { PredictionType = "v_prediction" });
        var image = Some.Image();

        await bench.RunAsync(Some.Group(image));

        var manifest = Manifest.FromJson(PngReader.Read(bench.Store.Objects[image.ObjectKey]).Text(Manifest.Keyword)!);
        Assert.Equal(new SingleFileOptions { PredictionType = PredictionType.VPrediction }, manifest.SingleFile);
    }

    [Fact]
    public async Task Request_that_can_never_be_rendered_fails_for_good()
    {
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, _, _) => throw new ArgumentException("width: 63 is no multiple of 8") } };

        await bench.RunAsync(Some.Group(Some.Image()));

        var failed = Assert.Single(bench.Bus.Failed);
        Assert.Equal((false, "width: 63 is no multiple of 8"), (failed.Retryable, failed.Reason));
        Assert.Empty(bench.Store.Objects);
    }

    [Fact]
    public async Task Image_that_fails_in_company_does_not_take_the_others_with_it()
    {
        using var bench = new Bench
        {
            Renderer = new FakeRenderer
            {
                BeforeStep = (group, _, _) =>
                {
                    if (group.Images.Any(image => image.Prompt == "bad"))
                    {
                        throw new ArgumentException("bad prompt");
                    }
                },
            },
        };
        var (good, bad) = (Some.Image(), Some.Image("bad"));

        await bench.RunAsync(Some.Group(good, bad));

        Assert.Equal(good.ImageId, Assert.Single(bench.Bus.Rendered).ImageId);
        Assert.Equal(bad.ImageId, Assert.Single(bench.Bus.Failed).ImageId);
    }

    [Fact]
    public async Task Group_too_big_for_memory_is_rendered_image_by_image()
    {
        using var bench = new Bench
        {
            Renderer = new FakeRenderer { BeforeStep = (group, _, _) => { if (group.Images.Count > 1) { throw new OutOfMemoryException(); } } },
        };

        await bench.RunAsync(Some.Group(Some.Image(), Some.Image()));

        Assert.Equal(2, bench.Bus.Rendered.Count);
    }

    [Fact]
    public async Task Image_that_cannot_be_stored_fails_retryably_and_alone()
    {
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("forbidden", transient: false)) };

        await bench.RunAsync(Some.Group(Some.Image(), Some.Image()));

        Assert.True(Assert.Single(bench.Bus.Failed).Retryable);
        Assert.Single(bench.Bus.Rendered);
    }

    [Fact]
    public async Task Upload_that_fails_for_a_while_still_ends_in_a_picture()
    {
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("away", transient: true)) };

        await bench.RunAsync(Some.Group(Some.Image()));

        Assert.Single(bench.Bus.Rendered);
        Assert.Empty(bench.Bus.Failed);
    }

    [Fact]
    public async Task Shutdown_between_two_steps_hands_the_group_back()
    {
        Action stop = () => { };
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, step, stopped) => { if (step == 2) { stop(); stopped.WaitHandle.WaitOne(); } } } };
        stop = () => bench.InHand.StopAsync();

        await bench.RunAsync(Some.Group(Some.Image(), Some.Image()));

        Assert.Equal(2, bench.Bus.Returned.Count);
        Assert.Empty(bench.Bus.Failed);
        Assert.Empty(bench.Store.Objects);
    }

    [Fact]
    public async Task Shutdown_within_a_group_keeps_what_is_drawn_and_hands_back_the_rest()
    {
        Action stop = () => { };
        var steps = 0;
        using var bench = new Bench
        {
            Renderer = new FakeRenderer
            {
                BeforeStep = (_, _, stopped) =>
                {
                    if (++steps == Some.Settings.Steps + 1)
                    {
                        stop();
                        stopped.WaitHandle.WaitOne();
                    }
                },
            },
        };
        stop = () => bench.InHand.StopAsync();
        var (drawn, left) = (Some.Image(), Some.Image());

        await bench.RunAsync(Some.Group(drawn, left));

        Assert.Equal(drawn.AttemptId, Assert.Single(bench.Bus.Rendered).AttemptId);
        Assert.Equal(left.AttemptId, Assert.Single(bench.Bus.Returned).AttemptId);
    }

    [Fact]
    public async Task Shutdown_while_the_store_is_away_hands_the_image_back()
    {
        using var bench = new Bench { Store = new FakeStore([.. Enumerable.Range(0, 9).Select(_ => new ObjectStoreException("away", transient: true))]) };
        bench.Store.BeforePut = () => bench.InHand.StopAsync();

        await bench.RunAsync(Some.Group(Some.Image()));

        Assert.Single(bench.Bus.Returned);
        Assert.Empty(bench.Bus.Failed);
    }

    [Fact]
    public async Task Attempts_are_in_hand_until_their_end_is_reported()
    {
        IReadOnlyList<Guid> whileRendering = [];
        Bench? at = null;
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, _, _) => whileRendering = at!.InHand.Attempts } };
        at = bench;
        var image = Some.Image();

        await bench.RunAsync(Some.Group(image));

        Assert.Equal([image.AttemptId], whileRendering);
        Assert.False(bench.InHand.Any);
        Assert.Empty(bench.InHand.Attempts);
        Assert.Equal([image.AttemptId], bench.InHand.Reported);
        bench.Time.Advance(2 * bench.Options.HeartbeatInterval);
        Assert.Empty(bench.InHand.Reported);
    }
}
