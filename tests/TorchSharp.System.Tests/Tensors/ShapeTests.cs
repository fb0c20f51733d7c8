using static TorchSharp.torch;

namespace TorchSharp.Tests.Tensors;

public class ShapeTests
{
    private static long[] Longs(Tensor tensor) => tensor.data<long>().ToArray();

    [Fact]
    public void Views_share_memory_and_copies_do_not()
    {
        using var scope = NewDisposeScope();
        var x = arange(6);
        var view = x.view(2, 3).transpose(0, 1);
        var copy = view.contiguous();
        Assert.False(view.is_contiguous());
        Assert.Equal([1, 3], view.stride());
        x[0] = 100;
        Assert.Equal(100, view[0, 0].item<long>());
        Assert.Equal(0, copy[0, 0].item<long>());
    }

    [Fact]
    public void Elements_of_a_strided_view_come_in_its_logical_order()
    {
        using var scope = NewDisposeScope();
        var turned = arange(6).reshape(2, 3).t();
        Assert.Equal([0L, 3, 1, 4, 2, 5], Longs(turned));
        Assert.Equal(4, turned.data<long>()[1, 1]);
        Assert.Equal(5, turned.data<long>()[2, 1]);
    }

    [Fact]
    public void Dimensions_come_go_and_change_places()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3, 4);
        Assert.Equal([4, 2, 3], x.permute(2, 0, 1).shape);
        Assert.Equal([2, 12], x.flatten(1).shape);
        Assert.Equal([2, 1, 3, 4], x.unsqueeze(1).shape);
        Assert.Equal([2, 3, 4], x.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([6, 4], x.reshape(-1, 4).shape);
        Assert.Equal([5, 2, 3, 4], x.expand(5, -1, -1, -1).shape);
        Assert.Equal(4, x.size(-1));
    }

    [Fact]
    public void Parts_joined_again_give_the_whole()
    {
        using var scope = NewDisposeScope();
        var x = arange(12).reshape(2, 6);
        Assert.True(x.Equals(cat(x.chunk(3, 1), 1)));
        Assert.True(x.Equals(cat(x.split([1, 2, 3], 1), 1)));
        Assert.True(x.Equals(stack(x.unbind(0))));
        Assert.Equal([2, 2], x.split(2, 1)[1].shape);
    }

    [Fact]
    public void Repeating_flipping_and_rolling_move_elements_as_documented()
    {
        using var scope = NewDisposeScope();
        var x = arange(3);
        Assert.Equal([0L, 1, 2, 0, 1, 2], Longs(x.repeat(2)));
        Assert.Equal([0L, 0, 1, 1, 2, 2], Longs(x.repeat_interleave(2)));
        Assert.Equal([2L, 1, 0], Longs(x.flip(0)));
        Assert.Equal([2L, 0, 1], Longs(x.roll(1, 0)));
        Assert.Equal([1L, 0, 1, 1], Longs(ones(2, 2, dtype: int64).tril()));
        Assert.Equal([0L, 1, 0, 0], Longs(ones(2, 2, dtype: int64).triu(1)));
    }

    [Fact]
    public void Meshgrid_follows_its_indexing()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([2, 3], meshgrid([arange(2), arange(3)])[0].shape);
        Assert.Equal([3, 2], meshgrid([arange(2), arange(3)], "xy")[0].shape);
    }
}
