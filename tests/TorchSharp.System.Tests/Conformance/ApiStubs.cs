using System.Text;
using System.Text.RegularExpressions;

namespace TorchSharp.Tests.Conformance;

/// <summary>
/// Writes torchsharp-api.txt out as C#: TorchSharp's public types with its signatures, nullability and overloads, and no
/// bodies. The list tells neither abstract from virtual nor constraints; methods are virtual here and constraints below.
/// </summary>
internal sealed partial class ApiStubs
{
    private const string Usings = """
        #nullable enable annotations
        using System; using System.Collections; using System.Collections.Generic; using System.Diagnostics.CodeAnalysis;
        using System.Globalization; using System.IO; using System.Runtime.InteropServices; using TorchSharp; using TorchSharp.Modules;
        using TorchSharp.Utils; using static TorchSharp.torch; using static TorchSharp.torch.nn; using static TorchSharp.torch.optim;
        public abstract class Unbuilt;
        """;

    private static readonly Dictionary<string, string> Constraints = new()
    {
        ["ModuleList"] = " where T : torch.nn.Module", ["ModuleDict"] = " where T : torch.nn.Module",
        ["to"] = " where T : torch.nn.Module", ["ParamGroup"] = " where TOptions : class",
    };

    // Constants of TorchSharp's own that stand as default values.
    private static readonly Dictionary<string, string> Defaults = new() { ["one_eighth"] = "0.125", ["one_third"] = "(1.0 / 3)" };

    private readonly StringBuilder source = new(Usings);

    private ApiStubs()
    {
    }

    /// <summary>The whole list as one file of C#.</summary>
    public static string Source(string listPath)
    {
        var stubs = new ApiStubs();
        foreach (var space in Types(listPath).Kids)
        {
            stubs.Line($"namespace {space.Name} {{");
            space.Kids.ForEach(stubs.Write);
            stubs.Line("}");
        }
        return stubs.source.ToString();
    }

    // Namespaces, in them types, in them nested types.
    private static Node Types(string listPath)
    {
        var root = new Node("");
        Node type = root;
        foreach (var line in File.ReadLines(listPath).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == ' ')
            {
                string member = Defaults.Aggregate(line.Trim(), (text, constant) => text.Replace(constant.Key, constant.Value, StringComparison.Ordinal));
                if (!OutOfScope().IsMatch(member) && !type.Members.Contains(member)) type.Members.Add(member);
                continue;
            }
            int dot = line.Split('<')[0].Split('+')[0].LastIndexOf('.');
            type = Unneeded().IsMatch(line) ? new Node("") : line[(dot + 1)..].Split('+').Aggregate(root.Kid(line[..dot]), (outer, name) => outer.Kid(name));
        }
        return root;
    }

    private void Write(Node type)
    {
        var (kind, bases) = type.Declaration;
        string name = type.Name.Split('<')[0];
        // Which base has what constructors is not known to a reader of lines: all have one more, which the others call.
        bool derived = bases.Count > 0 && !Interface().IsMatch(bases[0]);
        string chain = derived ? " : base((Unbuilt)null!)" : "";
        Line($"public {kind} {type.Name}{(bases.Count == 0 ? "" : $" : {string.Join(", ", bases)}")}{(type.Name.Contains('<', StringComparison.Ordinal) ? Constraints.GetValueOrDefault(name) : "")} {{");
        if (kind is "class" or "abstract class") Line($"private protected {name}(Unbuilt _){chain} {{ }}");
        if (kind == "class" && !type.Members.Any(member => member.Contains("constructor", StringComparison.Ordinal))) Line($"internal {name}(){chain} {{ }}");
        foreach (var member in type.Members) Line(kind == "enum" ? EnumValue(member) : Member(member, name, kind, chain));
        foreach (var part in bases.Select(part => Collection().Match(part)).Where(part => part.Success))
        {
            if (part.Groups["kind"].Value != "IDictionary") continue;
            string pair = $"KeyValuePair<{part.Groups["items"].Value}>";
            Line($"IEnumerator<{pair}> IEnumerable<{pair}>.GetEnumerator() => throw null!;");
        }
        if (bases.Any(part => Collection().IsMatch(part))) Line("IEnumerator IEnumerable.GetEnumerator() => throw null!;");
        type.Kids.ForEach(Write);
        Line("}");
    }

    private static string EnumValue(string member) => member.StartsWith("value ", StringComparison.Ordinal) ? $"{member["value ".Length..]}," : "";

    private static string Member(string member, string type, string kind, string chain)
    {
        var words = Prefix().Match(member);
        string rest = member[words.Length..].Trim(), what = words.Groups["kind"].Value;
        bool isStatic = words.Groups["mods"].Value.Contains("static", StringComparison.Ordinal), inInterface = kind == "interface";
        string reach = inInterface ? "" : words.Groups["mods"].Value.Contains("protected", StringComparison.Ordinal) ? "protected " : "public ";
        string scope = isStatic ? "static " : kind is "class" or "abstract class" ? "virtual " : "";
        switch (what)
        {
            case "constructor":
                return $"{reach}{type}{rest[rest.IndexOf('(', StringComparison.Ordinal)..]}{(kind == "struct" ? "" : chain)} => throw null!;";
            case "method":
                var (signature, result) = Sides(rest, '(');
                string method = signature[..signature.IndexOf('(', StringComparison.Ordinal)];
                string where = method.Contains('<', StringComparison.Ordinal) ? Constraints.GetValueOrDefault(method.Split('<')[0], "") : "";
                if (OfObject().IsMatch(signature)) scope = "override ";
                return inInterface ? $"{result} {signature};" : $"{reach}{scope}{result} {signature}{where} => throw null!;";
            case "operator" or "conversion":
                return $"{rest} => throw null!;";
            case "property":
                var accessors = Accessors().Matches(rest);
                string body = string.Join(" ", accessors.Select(accessor => inInterface ? accessor.Value : accessor.Value.Replace(";", " => throw null!;", StringComparison.Ordinal)));
                bool closed = accessors.Any(accessor => accessor.Value.Contains("private", StringComparison.Ordinal));
                return $"{reach}{(closed ? "" : scope)}{rest.Split(" : ", 2)[1]} {rest.Split(' ')[0]} {{ {body} }}";
            case "indexer":
                var (index, item) = Sides(rest, '[');
                return $"{reach}{item.Split("} :")[^1].Trim()} {index} {{ get => throw null!; set => throw null!; }}";
            case "field":
                return $"{reach}{(isStatic ? "static " : "")}{rest.Split(" : ", 2)[1]} {rest.Split(' ')[0]}{(kind == "struct" && !isStatic ? "" : " = default!")};";
            case "delegate":
                var (called, answer) = Sides(rest, '(');
                return $"public delegate {answer} {called};";
            default:
                return "";
        }
    }

    // "name(…) : type" → "name(…)" and "type".
    private static (string before, string after) Sides(string text, char bracket)
    {
        int depth = 0, end = text.IndexOf(bracket, StringComparison.Ordinal);
        for (; end < text.Length; end++)
        {
            if (text[end] is '(' or '[') depth++;
            if (text[end] is ')' or ']' && --depth == 0) break;
        }
        return (text[..(end + 1)], text[(end + 1)..].TrimStart(' ', ':'));
    }

    private void Line(string text) => source.Append(text).Append('\n');

    private sealed class Node(string name)
    {
        public string Name { get; } = name;

        public List<string> Members { get; } = [];

        public List<Node> Kids { get; } = [];

        // A partial class has several such lines; the one with bases tells most.
        public (string Kind, List<string> Bases) Declaration
        {
            get
            {
                var lines = Members.Select(member => Declared().Match(member)).Where(line => line.Success).ToList();
                if (lines.Count == 0) return (Members.Count == 0 ? "static class" : "class", []);
                var line = lines.MaxBy(line => line.Groups["bases"].Length + line.Groups["kind"].Length)!;
                return (line.Groups["kind"].Value, [.. ApiList.Split(line.Groups["bases"].Value.TrimStart(' ', ':'))]);
            }
        }

        public Node Kid(string name)
        {
            string key = name.Replace(" ", "", StringComparison.Ordinal);
            var kid = Kids.Find(kid => kid.Name.Replace(" ", "", StringComparison.Ordinal) == key);
            if (kid is null) Kids.Add(kid = new Node(name));
            return kid;
        }
    }

    [GeneratedRegex(@"^(?<kind>(abstract |static )?(class|struct|enum|interface))\b\s*(?<bases>.*)$")]
    private static partial Regex Declared();

    [GeneratedRegex(@"^(?<mods>((static|protected|abstract|virtual|readonly|const) )*)(?<kind>[a-z]+) ")]
    private static partial Regex Prefix();

    [GeneratedRegex(@"(private |protected |internal )?(get|set|init);")]
    private static partial Regex Accessors();

    [GeneratedRegex(@"^(ToString\(\)|GetHashCode\(\)|Equals\(object\??\s*\w+\))$")]
    private static partial Regex OfObject();

    [GeneratedRegex(@"^([\w.]+\.)?I[A-Z]\w*(<.*>)?$")]
    private static partial Regex Interface();

    [GeneratedRegex(@"^([\w.]+\.)?(?<kind>IEnumerable|IList|IDictionary)<(?<items>.*)>$")]
    private static partial Regex Collection();

    [GeneratedRegex(@"\brnn\.")]
    private static partial Regex OutOfScope();

    // Families with generics of their own making that nothing here comes near.
    [GeneratedRegex(@"^(?!TorchSharp\.)|^TorchSharp\.(torch\+(distributions|jit|export|hub|utils$|utils\+|fft|special|sparse|random_|nn\+utils\+rnn)|Data\.|Exported|torchvision|torchaudio|FieldInfo|Utils\.(?!OrderedDict|TensorAccessor)|Modules\.(DataLoader|IterableDataLoader|TensorDataset|TransformedDistribution|Bernoulli|Beta$|Binomial|Categorical|Cauchy|Chi2|Dirichlet|ExpRelaxed|Exponential|FisherSn|Gamma|Geometric|Gumbel|HalfC|HalfN|Independent|Kumaraswamy|Laplace|LogNormal|LogitRelaxed|Multinomial|MultivariateNormal|NegativeBinomial|Normal$|OneHot|Pareto|Poisson$|Relaxed|Uniform|Weibull))")]
    private static partial Regex Unneeded();
}
