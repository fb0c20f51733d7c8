using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Files;

public sealed class IndexReaderTests
{
    [Fact]
    public async Task A_store_that_falls_silent_while_the_index_is_read_is_away_and_does_not_end_the_worker()
    {
        var store = new FakeStore(new TaskCanceledException()); // as HTTP clients tell that their patience is over
        store.Objects[FileIndex.Key] = "{}"u8.ToArray();

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => new IndexReader(store).ReadAsync(TestContext.Current.CancellationToken));

        Assert.True(error.IsTransient);
    }
}
