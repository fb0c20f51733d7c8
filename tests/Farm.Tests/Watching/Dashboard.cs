using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StableDiffusion.Farm.Tests.Deployment;

namespace StableDiffusion.Farm.Tests.Watching;

/// <summary>What Grafana's dashboard, and the rules of what somebody should know of, ask Prometheus.</summary>
internal static partial class Dashboard
{
    private static readonly string[] Words = ["sum", "max", "rate", "increase", "histogram_quantile", "by", "absent", "vector"];

    public static IEnumerable<string> Queries() =>
        JsonNode.Parse(DeploymentFiles.Read("deploy", "grafana", "render-farm.json")).Objects().Select(found => found["expr"]).OfType<JsonNode>().Select(query => query.GetValue<string>());

    public static IEnumerable<string> Rules() => DeploymentFiles.ReadYaml("deploy", "prometheus", "rules.yml").Texts("groups.rules.expr");

    /// <summary>The metrics that a query names, each with the labels that it selects or groups by.</summary>
    public static IEnumerable<(string Metric, string[] Labels)> Asked(string query) => Operator().Split(Range().Replace(query, "")).SelectMany(operand =>
    {
        string[] labels = [.. Selector().Matches(operand).Concat(Grouping().Matches(operand)).SelectMany(match => Name().Matches(Text().Replace(match.Groups["labels"].Value, ""))).Select(name => name.Value)];
        string rest = Selector().Replace(Grouping().Replace(operand, ""), "");
        return Name().Matches(rest).Select(name => name.Value).Except(Words).Select(metric => (metric, labels));
    });

    [GeneratedRegex(@"\s(?:and|or|unless|>|==|/|\*)\s")]
    private static partial Regex Operator();

    [GeneratedRegex("[a-zA-Z_][a-zA-Z0-9_]*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\{(?<labels>[^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\b(by|on) \((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();
}
