using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Farm.Tests.EndToEnd;

[Collection(OnRealServers.Name)]
public sealed class LeastRightsTests(TestServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_rights_of_a_deployment_pictures_come_in_are_drawn_and_lie_in_the_bucket_also_after_a_command_that_nobody_can_read()
    {
        LeastRights rights = await servers.CreateLeastRightsAsync(Cancelled);
        using var farm = new DistributedFarm(rights.Coordinator, rights.Worker);
        await farm.StartCoordinatorAsync(Cancelled);
        await farm.StartWorkersAsync(1, Cancelled);
        await PublishGarbageAsync(rights);

        BatchResponse batch = await farm.WaitForEndAsync(await farm.Client.SubmitAsync(Request(), Cancelled), Cancelled);

        Assert.Equal(2, batch.Counts.Succeeded);
        foreach (ImageResponse image in await farm.GetImagesAsync(batch, Cancelled))
        {
            byte[] png = await farm.Client.GetContentAsync(image, Cancelled);
            Assert.Equal((64, 64), (PngReader.Read(png).Picture.Width, PngReader.Read(png).Picture.Height));
        }
    }

    [Fact]
    public async Task A_workers_keys_read_inputs_and_write_pictures_and_open_nothing_else_in_the_bucket()
    {
        LeastRights rights = await servers.CreateLeastRightsAsync(Cancelled);
        using AmazonS3Client coordinator = LeastRights.Open(rights.Coordinator), worker = LeastRights.Open(rights.Worker);
        foreach (string key in new[] { "inputs/a.png", "models/a", "batches/a.png" })
        {
            await PutAsync(coordinator, key);
        }

        await PutAsync(worker, "batches/b.png");
        await worker.GetObjectAsync("renders", "inputs/a.png", Cancelled);
        await worker.GetObjectAsync("renders", "models/a", Cancelled);

        foreach (Func<Task> refused in new Func<Task>[]
        {
            () => PutAsync(worker, "inputs/b.png"),
            () => PutAsync(worker, "models/b"),
            () => worker.GetObjectAsync("renders", "batches/a.png", Cancelled),
            () => worker.DeleteObjectAsync("renders", "batches/b.png", Cancelled),
            () => worker.DeleteObjectAsync("renders", "models/a", Cancelled),
            () => worker.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "renders" }, Cancelled),
            () => worker.GetBucketPolicyAsync("renders", Cancelled),
        })
        {
            AmazonS3Exception refusal = await Assert.ThrowsAsync<AmazonS3Exception>(refused);
            if (refusal.StatusCode == HttpStatusCode.BadRequest)
            {
                refusal = await Assert.ThrowsAsync<AmazonS3Exception>(refused); // radosgw took the body of the upload that it had refused before for a request
            }

            Assert.Equal((HttpStatusCode.Forbidden, "AccessDenied"), (refusal.StatusCode, refusal.ErrorCode));
        }

        Assert.Equal(HttpStatusCode.NoContent, (await coordinator.DeleteObjectAsync("renders", "batches/a.png", Cancelled)).HttpStatusCode);
    }

    [Fact]
    public async Task A_workers_broker_user_neither_reads_what_workers_tell_nor_makes_queues_of_other_names()
    {
        LeastRights rights = await servers.CreateLeastRightsAsync(Cancelled);
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(rights.Worker["RabbitMq__Uri"]) }.CreateConnectionAsync(Cancelled);

        foreach (Func<IChannel, Task> refused in new Func<IChannel, Task>[]
        {
            channel => channel.BasicGetAsync("coordinator.images", autoAck: false, Cancelled),
            channel => channel.BasicGetAsync("coordinator.claims", autoAck: false, Cancelled),
            channel => channel.QueueDeclareAsync("mine", cancellationToken: Cancelled),
            channel => channel.QueuePurgeAsync("coordinator.workers", Cancelled),
            async channel =>
            {
                await channel.QueueDeclareAsync("worker.spy", exclusive: true, cancellationToken: Cancelled);
                await channel.QueueBindAsync("worker.spy", "coordinator.images", "", cancellationToken: Cancelled);
            },
        })
        {
            await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancelled);
            var error = await Assert.ThrowsAsync<OperationInterruptedException>(() => refused(channel));
            Assert.Equal(403, error.ShutdownReason!.ReplyCode);
        }
    }

    [Fact]
    public async Task The_coordinators_role_connects_to_its_own_database_alone()
    {
        LeastRights rights = await servers.CreateLeastRightsAsync(Cancelled);
        var elsewhere = new NpgsqlConnectionStringBuilder(rights.Coordinator["ConnectionStrings__Farm"]) { Database = "postgres" };
        await using var refused = new NpgsqlConnection(elsewhere.ToString());
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => refused.OpenAsync(Cancelled))).SqlState);

        await using NpgsqlDataSource own = NpgsqlDataSource.Create(rights.Coordinator["ConnectionStrings__Farm"]);
        await using NpgsqlCommand create = own.CreateCommand("CREATE ROLE another");
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => create.ExecuteNonQueryAsync(Cancelled))).SqlState);
    }

    private static BatchRequest Request()
    {
        byte[] picture = PngWriter.Write(new Picture(64, 64, 3, new byte[64 * 64 * 3]));
        return new BatchRequest { Prompt = "a red circle", Seed = 42, NIter = 2, Steps = 4, SamplerName = "Euler", InitImages = [Convert.ToBase64String(picture)], DenoisingStrength = 0.8 };
    }

    /// <summary>Before the commands; what a worker does with it takes rights of its own.</summary>
    private static async Task PublishGarbageAsync(LeastRights rights)
    {
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(rights.Coordinator["RabbitMq__Uri"]) }.CreateConnectionAsync(Cancelled);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancelled);
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json" };
        await channel.BasicPublishAsync(Queues.Render(TestModel.Name), "", mandatory: true, properties, "{garbage"u8.ToArray(), Cancelled);
    }

    private static Task<PutObjectResponse> PutAsync(AmazonS3Client s3, string key) =>
        s3.PutObjectAsync(new PutObjectRequest { BucketName = "renders", Key = key, ContentBody = "bytes" }, Cancelled);
}
