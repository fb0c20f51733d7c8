using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Npgsql;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>A farm whose coordinator and workers have the credentials of a deployment, made from the deployment's own files: database role, broker
/// users and policies of the bucket.</summary>
internal sealed class LeastRights
{
    private const string CoordinatorSecret = "coordinatorsOwn1", WorkerSecret = "workersOwn1";

    /// <summary>The coordinator's settings.</summary>
    public required Dictionary<string, string> Coordinator { get; init; }

    /// <summary>The workers'.</summary>
    public required Dictionary<string, string> Worker { get; init; }

    /// <summary>Makes them; once on a server, since database and users have fixed names.</summary>
    public static async Task<LeastRights> CreateAsync(FarmServers servers, CancellationToken cancellationToken)
    {
        await SetUpPostgresAsync(servers.Postgres, cancellationToken);
        await SetUpRabbitMqAsync(servers.RabbitMq, cancellationToken);
        await SetUpBucketAsync(servers.S3!, cancellationToken);
        Dictionary<string, string> coordinator = Settings(servers, "coordinator", CoordinatorSecret);
        coordinator["ConnectionStrings__Farm"] = new NpgsqlConnectionStringBuilder(servers.Postgres.ConnectionString("farm")) { Username = "coordinator" }.ToString();
        return new LeastRights { Coordinator = coordinator, Worker = Settings(servers, "worker", WorkerSecret) };
    }

    /// <summary>As deploy/postgres/setup.sh is run by a deployment.</summary>
    public static Task SetUpPostgresAsync(PostgresServer server, CancellationToken cancellationToken) => ServerProcess.RunAsync(
        "sh", [Path.Combine(Checkout.Root, "deploy", "postgres", "setup.sh")], PostgresEnvironment(server), cancellationToken);

    /// <summary>What libpq's programs read.</summary>
    public static Dictionary<string, string> PostgresEnvironment(PostgresServer server)
    {
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres"));
        return new Dictionary<string, string>
        {
            ["PGHOST"] = connection.Host!,
            ["PGPORT"] = $"{connection.Port}",
            ["PGUSER"] = connection.Username!,
            ["FARM_COORDINATOR_POSTGRES_PASSWORD"] = CoordinatorSecret,
        };
    }

    private static async Task SetUpRabbitMqAsync(RabbitMqServer server, CancellationToken cancellationToken)
    {
        string definitions = await ServerProcess.RunAsync("sh", [Path.Combine(Checkout.Root, "deploy", "rabbitmq", "definitions.sh")], new Dictionary<string, string>
        {
            ["FARM_COORDINATOR_RABBITMQ_PASSWORD"] = CoordinatorSecret,
            ["FARM_WORKER_RABBITMQ_PASSWORD"] = WorkerSecret,
        }, cancellationToken);
        using HttpClient http = server.OpenManagement();
        using var content = new StringContent(definitions, MediaTypeHeaderValue.Parse("application/json"));
        using HttpResponseMessage taken = await http.PostAsync(new Uri("definitions", UriKind.Relative), content, cancellationToken);
        Assert.True(taken.IsSuccessStatusCode, await taken.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>MinIO's policies belong to users; here they are the bucket's, with the same words.</summary>
    private static async Task SetUpBucketAsync(CephServer server, CancellationToken cancellationToken)
    {
        using AmazonS3Client s3 = Open(server.ServiceUrl, server.AccessKey, server.SecretKey);
        await s3.PutBucketAsync("renders", cancellationToken);
        var statements = new JsonArray();
        foreach ((string name, string secret) in new[] { ("coordinator", CoordinatorSecret), ("worker", WorkerSecret) })
        {
            await server.CreateUserAsync(name, secret, cancellationToken);
            string policy = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "deploy", "minio", $"{name}.json"), cancellationToken);
            foreach (JsonNode? statement in JsonNode.Parse(policy.Replace("BUCKET", "renders", StringComparison.Ordinal))!["Statement"]!.AsArray())
            {
                JsonNode own = statement!.DeepClone();
                own["Principal"] = new JsonObject { ["AWS"] = new JsonArray($"arn:aws:iam:::user/{name}") };
                statements.Add(own);
            }
        }

        await s3.PutBucketPolicyAsync("renders", new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements }.ToJsonString(), cancellationToken);
    }

    /// <summary>A client with one's own keys.</summary>
    public static AmazonS3Client Open(Dictionary<string, string> settings) =>
        Open(settings["Objects__S3__ServiceUrl"], settings["Objects__S3__AccessKey"], settings["Objects__S3__SecretKey"]);

    private static AmazonS3Client Open(string url, string accessKey, string secretKey) => new(
        new BasicAWSCredentials(accessKey, secretKey),
        new AmazonS3Config
        {
            ServiceURL = url,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    private static Dictionary<string, string> Settings(FarmServers servers, string user, string secret) => new()
    {
        ["RabbitMq__Uri"] = new UriBuilder(servers.RabbitMq.Uri) { UserName = user, Password = secret, Path = "farm" }.ToString(),
        ["Objects__Kind"] = "s3",
        ["Objects__S3__ServiceUrl"] = servers.S3!.ServiceUrl,
        ["Objects__S3__Bucket"] = "renders",
        ["Objects__S3__CreateBucket"] = "false",
        ["Objects__S3__AccessKey"] = user,
        ["Objects__S3__SecretKey"] = secret,
    };
}
