using static TorchSharp.torch;

namespace TorchSharp.Tests.Tensors;

public class IndexingTests
{
    private static long[] Longs(Tensor tensor) => tensor.data<long>().ToArray();

    // 0 1 2 3 / 4 5 6 7 / 8 9 10 11
    private static Tensor Grid() => arange(12).reshape(3, 4);

    [Fact]
    public void Numbers_count_from_either_end()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        Assert.Equal([4L, 5, 6, 7], Longs(grid[1]));
        Assert.Equal([8L, 9, 10, 11], Longs(grid[-1]));
        Assert.Equal(11, grid[2, 3].item<long>());
        Assert.Equal([3L, 7, 11], Longs(grid[.., ^1]));
    }

    [Fact]
    public void Slices_take_ranges_and_steps()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        Assert.Equal([4L, 5, 6, 7, 8, 9, 10, 11], Longs(grid[1..]));
        Assert.Equal([1L, 2, 5, 6], Longs(grid[..2, 1..3]));
        Assert.Equal([0L, 2, 4, 6, 8, 10], Longs(grid[TensorIndex.Ellipsis, TensorIndex.Slice(step: 2)]));
        Assert.Equal([0L, 1, 2], Longs(grid[0, ..^1]));
        Assert.Equal([2, 1, 4], grid[TensorIndex.Slice(0, 2), TensorIndex.None].shape);
        Assert.Equal([1, 3, 4, 1], grid[TensorIndex.Null, TensorIndex.Ellipsis, TensorIndex.None].shape);
    }

    [Fact]
    public void Masks_and_index_tensors_pick_elements()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        Assert.Equal([9L, 10, 11], Longs(grid[grid > 8]));
        Assert.Equal([8L, 9, 10, 11, 0, 1, 2, 3], Longs(grid[tensor(new[] { 2L, 0L })]));
        Assert.Equal([2L, 1], Longs(grid[TensorIndex.Single(0), TensorIndex.Tensor(tensor(new[] { 2L, 1L }))]));
        Assert.Equal([3L, 1, 7, 5, 11, 9], Longs(grid[TensorIndex.Colon, TensorIndex.Tensor(tensor(new[] { 3L, 1L }))]));
    }

    [Fact]
    public void Assignment_writes_through_the_view()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        grid[1] = tensor(0L);
        grid[.., 0] = tensor(new[] { 7L, 8L, 9L });
        grid[2, 3] = -1;
        grid[grid == 10] = 100;
        Assert.Equal([7L, 1, 2, 3, 8, 0, 0, 0, 9, 9, 100, -1], Longs(grid));
        grid.index_put_(tensor(5L), [TensorIndex.Tensor(tensor(new[] { 0L, 0L }))], accumulate: true);
        Assert.Equal([17L, 11, 12, 13], Longs(grid[0]));
    }

    [Fact]
    public void Gather_and_scatter_are_inverse()
    {
        using var scope = NewDisposeScope();
        var source = tensor(new[] { 10L, 20, 30 });
        var order = tensor(new[] { 2L, 0, 1 });
        var gathered = source.gather(0, order);
        Assert.Equal([30L, 10, 20], Longs(gathered));
        Assert.Equal([10L, 20, 30], Longs(zeros(3, dtype: int64).scatter_(0, order, gathered)));
        Assert.Equal([10L, 30], Longs(source.index_select(0, tensor(new[] { 0L, 2L }))));
    }

    [Fact]
    public void Index_outside_is_an_error_with_libtorchs_message()
    {
        using var scope = NewDisposeScope();
        var grid = Grid();
        var error = Assert.ThrowsAny<Exception>(() => grid[3]);
        Assert.Contains("out of range", error.Message, StringComparison.Ordinal);
    }
}
