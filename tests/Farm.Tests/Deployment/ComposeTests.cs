using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.Deployment;

public sealed partial class ComposeTests
{
    private static readonly JsonObject Services = (JsonObject)DeploymentFiles.ReadYaml("docker-compose.yml")["services"]!;

    public static TheoryData<string> Programs => [.. Services.Where(service => service.Value!["build"] is not null).Select(service => service.Key)];

    [Theory, MemberData(nameof(Programs))]
    public void Every_setting_of_a_program_is_one_that_it_reads(string service)
    {
        string program = service == "coordinator" ? service : "worker";

        Assert.All(((JsonObject)Services[service]!["environment"]!).Select(variable => variable.Key), name => Assert.True(ProgramSettings.Has(program, name), $"{name} is no setting of a {program}"));
    }

    [Fact]
    public void A_setting_of_another_name_is_none() => Assert.False(ProgramSettings.Has("worker", "Worker__Modells") || ProgramSettings.Has("worker", "ConnectionStrings__Farm"));

    [Fact]
    public void Only_the_coordinator_and_the_dashboard_have_a_published_port_on_loopback_and_a_way_out_and_its_port_is_the_images()
    {
        Assert.Equal(["coordinator", "grafana"], Services.Where(service => service.Value!["ports"] is not null).Select(service => service.Key));
        Assert.All(Services.SelectMany(service => service.Value.Texts("ports")), port => Assert.Matches(@"^\$\{FARM_\w+:-127\.0\.0\.1:\d+\}:\d+$", port));
        Assert.Equal(["coordinator", "grafana"], Services.Where(service => service.Value.Texts("networks").Contains("outside")).Select(service => service.Key));
        Assert.DoesNotContain("farm", Services["grafana"].Texts("networks"));
        Assert.Equal("true", DeploymentFiles.ReadYaml("docker-compose.yml").Text("networks.farm.internal"));
        Assert.EndsWith(":" + ExposedPort(), Services["coordinator"].Text("ports"), StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_are_told_of_no_database_and_of_nobody_elses_secret()
    {
        foreach ((string name, JsonNode? service) in Services.Where(service => service.Key.StartsWith("worker", StringComparison.Ordinal)))
        {
            string all = service!.ToJsonString();
            Assert.DoesNotContain("ConnectionStrings", all, StringComparison.Ordinal);
            Assert.All(Variable().Matches(all).Select(match => match.Groups["name"].Value).Where(IsSecret), secret => Assert.StartsWith("FARM_WORKER_", secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_secret_must_be_given_and_no_file_gives_one()
    {
        string example = DeploymentFiles.Read(".env.example");
        MatchCollection variables = Variable().Matches(DeploymentFiles.Read("docker-compose.yml"));

        Assert.All(variables, variable => Assert.Matches($"(?m)^#?{variable.Groups["name"].Value}=", example));
        Assert.All(variables.Where(variable => IsSecret(variable.Groups["name"].Value)), variable => Assert.StartsWith(":?", variable.Groups["otherwise"].Value, StringComparison.Ordinal));
        Assert.All(DeploymentFiles.ReadYaml("docker-compose.yml")["secrets"]!.AsObject(), secret => Assert.Contains($"\n{secret.Value.Text("environment")}=\n", example, StringComparison.Ordinal));
        Assert.All(Line().Matches(example).Where(line => IsSecret(line.Groups["name"].Value)), line => Assert.Equal("", line.Groups["value"].Value));
        Assert.Equal(
            Line().Matches(example).Select(line => line.Groups["name"].Value).Where(IsSecret).Order(),
            variables.Select(variable => variable.Groups["name"].Value).Where(IsSecret).Distinct().Order());
    }

    [Fact]
    public void Images_are_pinned_and_what_is_built_has_its_file()
    {
        foreach ((string name, JsonNode? service) in Services)
        {
            if (service!["build"] is { } build)
            {
                Assert.True(File.Exists(DeploymentFiles.PathOf(build.Text("dockerfile"))), build.Text("dockerfile"));
            }
            else
            {
                Assert.Matches(@":(RELEASE\.\S+|v?\d+\.\d+\S*)$", service.Text("image"));
            }
        }

        foreach (string file in Directory.GetFiles(DeploymentFiles.PathOf("deploy"), "*.Dockerfile"))
        {
            string[] lines = File.ReadAllLines(file);
            Assert.All(lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Matches(@"^FROM \S+:\d+\.\d+\S*( AS [a-z]+)?$", line));
            Assert.Contains("USER 1654", lines);
        }
    }

    [Fact]
    public void What_is_mounted_from_here_is_here()
    {
        string[] mounted = [.. Services.SelectMany(service => service.Value.Texts("volumes")).Where(volume => volume.StartsWith("./", StringComparison.Ordinal)).Select(volume => volume.Split(':')[0])];
        Assert.Contains("./deploy/grafana/render-farm.json", mounted);
        Assert.All(mounted, path => Assert.True(Path.Exists(DeploymentFiles.PathOf(path)), path));
        Assert.All(Services, service => Assert.Empty(service.Value.Texts("volumes").Select(volume => volume.Split(':')[0]).Where(name => name.All(char.IsAsciiLetter))
            .Except(DeploymentFiles.ReadYaml("docker-compose.yml")["volumes"]!.AsObject().Select(volume => volume.Key))));
    }

    [Fact]
    public void Prometheus_asks_the_coordinators_with_the_watch_key_and_listens_where_workers_tell()
    {
        JsonNode scrape = DeploymentFiles.ReadYaml("deploy", "prometheus", "prometheus.yml").At("scrape_configs").Single();
        Assert.Equal("/run/secrets/" + Services["prometheus"].Text("secrets"), scrape.Text("authorization.credentials_file"));
        Assert.Equal(("coordinator", ExposedPort()), (scrape.Text("dns_sd_configs.names"), scrape.Text("dns_sd_configs.port")));
        string rules = DeploymentFiles.ReadYaml("deploy", "prometheus", "prometheus.yml").Text("rule_files");
        Assert.Contains("./deploy/prometheus/rules.yml:" + rules + ":ro", Services["prometheus"].Texts("volumes"));
        Assert.Equal("FARM_WATCH_KEY", DeploymentFiles.ReadYaml("docker-compose.yml")["secrets"]!["watch-key"].Text("environment"));
        Assert.Equal("http://prometheus:9090/api/v1/otlp/v1/metrics", Services["worker"].Text("environment.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"));
        Assert.Contains("--web.enable-otlp-receiver", Services["prometheus"].Texts("command"));
        Assert.Equal("http://prometheus:9090", DeploymentFiles.ReadYaml("deploy", "grafana", "provisioning", "datasources", "prometheus.yaml").Text("datasources.url"));
    }

    [Theory, InlineData("worker"), InlineData("worker-cuda")]
    public async Task A_worker_is_taken_for_dead_when_its_heart_has_not_beaten_for_a_minute(string image)
    {
        string check = HealthCheck().Match(DeploymentFiles.Read("deploy", $"{image}.Dockerfile").Replace("\\\n", "", StringComparison.Ordinal)).Groups["command"].Value;
        string[] command = JsonSerializer.Deserialize<string[]>(check)!;
        Assert.Equal(command, Kustomization.Load("deploy", "k8s", "base").Objects.SelectMany(found => found.Objects()).SelectMany(found => found.At("livenessProbe.exec.command")).Select(word => word.GetValue<string>()));
        string alive = DeploymentFiles.ImageSettings(image)["Worker__AliveFile"], file = Path.GetTempFileName();
        string[] here = [.. command[1..].Select(word => word.Replace(alive, file, StringComparison.Ordinal))];
        Assert.NotEqual(command[1..], here);

        await ServerProcess.RunAsync(command[0], here, cancellationToken: TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - TimeSpan.FromSeconds(61));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.RunAsync(command[0], here, cancellationToken: TestContext.Current.CancellationToken));
        File.Delete(file);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.RunAsync(command[0], here, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Images_set_only_what_their_program_reads()
    {
        foreach (string file in Directory.GetFiles(DeploymentFiles.PathOf("deploy"), "*.Dockerfile"))
        {
            string program = Path.GetFileName(file).StartsWith("coordinator", StringComparison.Ordinal) ? "coordinator" : "worker";
            string[] settings = [.. DeploymentFiles.ImageSettings(Path.GetFileNameWithoutExtension(file)).Keys.Where(name => name.Contains("__", StringComparison.Ordinal))];
            Assert.NotEmpty(settings);
            Assert.All(settings, name => Assert.True(ProgramSettings.Has(program, name), name));
        }
    }

    [Fact]
    public void A_program_is_given_longer_to_end_than_its_host_takes_at_most()
    {
        TimeSpan host = new Microsoft.Extensions.Hosting.HostOptions().ShutdownTimeout;

        foreach ((string name, JsonNode? service) in Services.Where(service => service.Value!["build"] is not null))
        {
            Assert.True(TimeSpan.FromSeconds(int.Parse(service.Text("stop_grace_period").TrimEnd('s'), null)) > host, name);
        }
    }

    [Fact]
    public void What_a_service_waits_for_ends_or_tells_how_it_is()
    {
        foreach (JsonObject wait in Services.Select(service => service.Value!["depends_on"]).OfType<JsonObject>())
        {
            foreach ((string name, JsonNode? condition) in wait)
            {
                string expected = name.EndsWith("-setup", StringComparison.Ordinal) ? "service_completed_successfully" : "service_healthy";
                Assert.Equal(expected, condition.Text("condition"));
                Assert.Equal(expected == "service_healthy", Services[name]!["healthcheck"] is not null);
            }
        }
    }

    internal static string ExposedPort() => Expose().Match(DeploymentFiles.Read("deploy", "coordinator.Dockerfile")).Groups["port"].Value;

    private static bool IsSecret(string name) => name.EndsWith("_PASSWORD", StringComparison.Ordinal) || name.EndsWith("_SECRET", StringComparison.Ordinal) || name.EndsWith("_KEY", StringComparison.Ordinal);

    [GeneratedRegex(@"\$\{(?<name>[A-Z0-9_]+)(?<otherwise>[^}]*)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?m)^(?<name>FARM_[A-Z0-9_]+)=(?<value>.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?m)^HEALTHCHECK .*?CMD (?<command>\[.*\])$")]
    private static partial Regex HealthCheck();

    [GeneratedRegex(@"(?m)^EXPOSE (?<port>\d+)$")]
    private static partial Regex Expose();
}
