using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Rendering;

public sealed class DeviceWatchTests : IDisposable
{
    private readonly FakeRenderer renderer = new();
    private readonly SkippingTime time = new();
    private int ends;

    public void Dispose() => renderer.Dispose();

    [Fact]
    public void Device_that_hangs_ends_the_process_and_one_that_gets_on_or_rests_does_not()
    {
        var watch = Watch(TimeSpan.FromMinutes(10));
        for (var minute = 0; minute < 30; minute++)
        {
            renderer.Pulse = minute;
            LookFor(watch, TimeSpan.FromMinutes(9)); // a long step, and another
        }

        renderer.Pulse = null;
        LookFor(watch, TimeSpan.FromHours(3));
        Assert.Equal(0, ends);

        renderer.Pulse = 31;
        LookFor(watch, TimeSpan.FromMinutes(11));
        Assert.NotEqual(0, ends);
    }

    [Fact]
    public void Time_in_which_the_process_itself_was_frozen_is_none_in_which_its_device_hung()
    {
        var watch = Watch(TimeSpan.FromMinutes(10));
        renderer.Pulse = 1;
        watch.Look();
        time.Advance(TimeSpan.FromHours(8));
        watch.Look();
        Assert.Equal(0, ends);
    }

    [Fact]
    public void Zero_waits_for_ever()
    {
        renderer.Pulse = 1;
        LookFor(Watch(TimeSpan.Zero), TimeSpan.FromDays(1));
        Assert.Equal(0, ends);
    }

    private DeviceWatch Watch(TimeSpan stuckAfter) => new(
        renderer, Options.Create(new WorkerOptions { StuckAfter = stuckAfter }), time, NullLogger<DeviceWatch>.Instance, () => ends++);

    private void LookFor(DeviceWatch watch, TimeSpan passes)
    {
        for (var passed = TimeSpan.Zero; passed < passes; passed += TimeSpan.FromSeconds(3))
        {
            watch.Look();
            time.Advance(TimeSpan.FromSeconds(3));
        }
    }
}
