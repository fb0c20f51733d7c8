using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

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
    public void Only_the_coordinator_has_a_published_port_and_a_way_out_and_its_port_is_the_images()
    {
        Assert.Equal(["coordinator"], Services.Where(service => service.Value!["ports"] is not null).Select(service => service.Key));
        Assert.Equal(["coordinator"], Services.Where(service => service.Value.Texts("networks").Contains("outside")).Select(service => service.Key));
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
                Assert.Matches(@":(RELEASE\.\S+|\d+\.\d+\S*)$", service.Text("image"));
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

    [GeneratedRegex(@"(?m)^EXPOSE (?<port>\d+)$")]
    private static partial Regex Expose();
}
