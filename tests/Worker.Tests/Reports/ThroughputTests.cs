using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class ThroughputTests
{
    private readonly SkippingTime time = new();
    private readonly Throughput throughput;

    public ThroughputTests() => throughput = new Throughput(time);

    [Fact]
    public void Before_the_first_group_there_is_none() => Assert.Null(throughput.ImagesPerSecond);

    [Fact]
    public void Time_without_work_does_not_count()
    {
        Draw(8, TimeSpan.FromSeconds(4));
        time.Advance(TimeSpan.FromHours(1));
        Draw(8, TimeSpan.FromSeconds(4));

        Assert.Equal(2, throughput.ImagesPerSecond!.Value, 1e-9);
    }

    [Fact]
    public void Time_that_groups_share_counts_once()
    {
        long first = throughput.Now;
        time.Advance(TimeSpan.FromSeconds(1));
        long second = throughput.Now;
        time.Advance(TimeSpan.FromSeconds(1));
        throughput.Add(4, first);
        time.Advance(TimeSpan.FromSeconds(2));
        throughput.Add(4, second);

        Assert.Equal(2, throughput.ImagesPerSecond!.Value, 0.1); // 8 in 4 s, the first a little forgotten
    }

    [Fact]
    public void Long_ago_is_forgotten()
    {
        Draw(1000, TimeSpan.FromSeconds(10));
        for (var i = 0; i < 100; i++)
        {
            Draw(10, TimeSpan.FromSeconds(10));
        }

        Assert.Equal(1, throughput.ImagesPerSecond!.Value, 1e-3);
    }

    private void Draw(int images, TimeSpan span)
    {
        long since = throughput.Now;
        time.Advance(span);
        throughput.Add(images, since);
    }
}
