namespace StableDiffusion.Contracts.Tests;

public sealed class QueuesTests
{
    [Fact]
    public void Each_model_has_a_queue_of_its_own() => Assert.Equal("render.starter", Queues.Render("starter"));
}
