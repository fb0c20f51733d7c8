using static TorchSharp.torch;

namespace TorchSharp.Tests.Devices;

public class GeneratorTests
{
    private static float[] Draw(Generator generator) => randn(8, generator: generator).data<float>().ToArray();

    [Fact]
    public void Generators_of_one_seed_agree_and_of_two_differ()
    {
        using var scope = NewDisposeScope();
        using var first = new Generator(7);
        using var second = new Generator(7);
        using var other = new Generator(8);
        var drawn = Draw(first);
        Assert.Equal(drawn, Draw(second));
        Assert.NotEqual(drawn, Draw(other));
        Assert.NotEqual(drawn, Draw(first));
    }

    [Fact]
    public void Generator_is_independent_of_the_global_one()
    {
        using var scope = NewDisposeScope();
        using var own = new Generator(42);
        var expected = Draw(own);
        own.manual_seed(42);
        manual_seed(1);
        randn(100);
        Assert.Equal(expected, Draw(own));

        manual_seed(1);
        var global = randn(8).data<float>().ToArray();
        manual_seed(1);
        Draw(own);
        Assert.Equal(global, randn(8).data<float>().ToArray());
    }

    [Fact]
    public void State_set_back_repeats_the_numbers()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Draw(generator);
        var state = generator.get_state();
        var expected = Draw(generator);
        generator.set_state(state);
        Assert.Equal(expected, Draw(generator));
    }

    [Fact]
    public void Device_names_are_read_and_written()
    {
        Assert.Equal("cuda:1", new Device("cuda:1").ToString());
        Assert.Equal(DeviceType.CPU, device("cpu").type);
        Assert.Equal("cpu", zeros(1).device.ToString());
        Assert.ThrowsAny<Exception>(() => new Device("gpu"));
    }
}
