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
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_image_is_stored_under_its_key_and_reported_with_its_hash()
    {
        using var bench = new Bench();
        var images = new[] { Some.Image(), Some.Image(Some.Settings with { Seed = 43 }) };

        await bench.Runner.RunAsync(Some.Group(images), Cancel);

        Assert.Equal(images.Select(i => i.ObjectKey).Order(), bench.Store.Objects.Keys.Order());
        foreach (var image in images)
        {
            var file = bench.Store.Objects[image.ObjectKey];
            var report = Assert.Single(bench.Bus.All<ImageRendered>(), r => r.ImageId == image.ImageId);
            Assert.Equal((image.AttemptId, "worker-1", image.ObjectKey, file.Length), (report.AttemptId, report.WorkerId, report.ObjectKey, report.Bytes));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), report.Sha256);
            Assert.Equal((TimeSpan.FromSeconds(1), image.Settings.Steps, 1 << 20), (report.RenderTime, report.Steps, report.PeakMemory));
            Assert.All(PngReader.Read(file).Picture.Pixels, value => Assert.Equal((byte)image.Settings.Seed, value));
        }
        Assert.Equal(2, bench.Bus.All<ImageStarted>().Count());
        Assert.Empty(bench.Bus.All<ImageFailed>());
        Assert.Single(bench.Renderer.Groups);
    }

    [Fact]
    public async Task Rerun_under_other_ids_gives_the_same_bytes()
    {
        using var bench = new Bench();
        var (first, second) = (Some.Image(), Some.Image());

        await bench.Runner.RunAsync(Some.Group(first), Cancel);
        bench.Time.Advance(TimeSpan.FromDays(1));
        await bench.Runner.RunAsync(Some.Group(second, Some.Image()), Cancel);

        Assert.Equal(bench.Store.Objects[first.ObjectKey], bench.Store.Objects[second.ObjectKey]);
    }

    [Fact]
    public async Task Manifest_says_how_the_settings_had_a_single_file_read()
    {
        using var bench = new Bench();
        bench.Options.SingleFiles.Add("Starter", new SingleFileSetting { PredictionType = "v_prediction" });
        var image = Some.Image();

        await bench.Runner.RunAsync(Some.Group(image), Cancel);

        var manifest = Manifest.FromJson(PngReader.Read(bench.Store.Objects[image.ObjectKey]).Text(Manifest.Keyword)!);
        Assert.Equal(new SingleFileOptions { PredictionType = PredictionType.VPrediction }, manifest.SingleFile);
    }

    [Fact]
    public async Task Request_that_can_never_be_rendered_fails_for_good()
    {
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, _, _) => throw new ArgumentException("width: 63 is no multiple of 8") } };

        await bench.Runner.RunAsync(Some.Group(Some.Image()), Cancel);

        var failed = Assert.Single(bench.Bus.All<ImageFailed>());
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
        var (good, bad) = (Some.Image(), Some.Image(Some.Settings with { Prompt = "bad" }));

        await bench.Runner.RunAsync(Some.Group(good, bad), Cancel);

        Assert.Equal(good.ImageId, Assert.Single(bench.Bus.All<ImageRendered>()).ImageId);
        Assert.Equal(bad.ImageId, Assert.Single(bench.Bus.All<ImageFailed>()).ImageId);
        Assert.Equal(2, bench.Bus.All<ImageStarted>().Count());
    }

    [Fact]
    public async Task Group_too_big_for_memory_is_rendered_image_by_image()
    {
        using var bench = new Bench
        {
            Renderer = new FakeRenderer { BeforeStep = (group, _, _) => { if (group.Images.Count > 1) { throw new OutOfMemoryException(); } } },
        };

        await bench.Runner.RunAsync(Some.Group(Some.Image(), Some.Image()), Cancel);

        Assert.Equal(2, bench.Bus.All<ImageRendered>().Count());
    }

    [Fact]
    public async Task Image_that_cannot_be_stored_fails_retryably_and_alone()
    {
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("forbidden", transient: false)) };

        await bench.Runner.RunAsync(Some.Group(Some.Image(), Some.Image()), Cancel);

        Assert.True(Assert.Single(bench.Bus.All<ImageFailed>()).Retryable);
        Assert.Single(bench.Bus.All<ImageRendered>());
    }

    [Fact]
    public async Task Upload_that_fails_for_a_while_still_ends_in_a_picture()
    {
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("away", transient: true)) };

        await bench.Runner.RunAsync(Some.Group(Some.Image()), Cancel);

        Assert.Single(bench.Bus.All<ImageRendered>());
        Assert.Empty(bench.Bus.All<ImageFailed>());
    }

    [Fact]
    public async Task Shutdown_between_two_steps_hands_the_group_back()
    {
        Action stop = () => { };
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, step, stopped) => { if (step == 2) { stop(); stopped.WaitHandle.WaitOne(); } } } };
        stop = () => bench.InHand.StopAsync();

        await bench.Runner.RunAsync(Some.Group(Some.Image(), Some.Image()), Cancel);

        Assert.Equal(2, bench.Bus.All<ImageReturned>().Count());
        Assert.Empty(bench.Bus.All<ImageFailed>());
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

        await bench.Runner.RunAsync(Some.Group(drawn, left), Cancel);

        Assert.Equal(drawn.AttemptId, Assert.Single(bench.Bus.All<ImageRendered>()).AttemptId);
        Assert.Equal(left.AttemptId, Assert.Single(bench.Bus.All<ImageReturned>()).AttemptId);
    }

    [Fact]
    public async Task Shutdown_while_the_store_is_away_hands_the_image_back()
    {
        using var bench = new Bench { Store = new FakeStore([.. Enumerable.Range(0, 9).Select(_ => new ObjectStoreException("away", transient: true))]) };
        bench.Store.BeforePut = () => bench.InHand.StopAsync();

        await bench.Runner.RunAsync(Some.Group(Some.Image()), Cancel);

        Assert.Single(bench.Bus.All<ImageReturned>());
        Assert.Empty(bench.Bus.All<ImageFailed>());
    }

    [Fact]
    public async Task Attempts_are_in_hand_until_their_end_is_reported()
    {
        IReadOnlyList<Guid> whileRendering = [];
        Bench? at = null;
        using var bench = new Bench { Renderer = new FakeRenderer { BeforeStep = (_, _, _) => whileRendering = at!.InHand.Attempts } };
        at = bench;
        var image = Some.Image();

        await bench.Runner.RunAsync(Some.Group(image), Cancel);

        Assert.Equal([image.AttemptId], whileRendering);
        Assert.Empty(bench.InHand.Attempts);
    }
}
