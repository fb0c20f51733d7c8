using System.Globalization;
using System.Text.RegularExpressions;

namespace TorchSharp.Tests.Conformance;

/// <summary>A parameter as the list gives it: its type spelt as <see cref="TypeNames"/> does; no default is null.</summary>
internal sealed record ListedParameter(string Type, string Name, string? Default);

/// <summary>A member as the list gives it. Kind: method, constructor, property, field, indexer, value, operator, conversion, delegate.</summary>
internal sealed record ListedMember(string Kind, bool Static, string Name, string Type, List<ListedParameter> Parameters, string Line);

/// <summary>Reads torchsharp-api.txt: a type a line, then its members, indented.</summary>
internal static partial class ApiList
{
    public static Dictionary<string, List<ListedMember>> Read(string path)
    {
        var types = new Dictionary<string, List<ListedMember>>();
        List<ListedMember> members = [];
        foreach (var line in File.ReadLines(path).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] != ' ')
            {
                string name = ReflectedName(line);
                if (!types.TryGetValue(name, out members!)) types.Add(name, members = []);
            }
            else if (Parse(line.Trim()) is { } member)
            {
                members.Add(member);
            }
        }
        return types;
    }

    /// <summary>Splits at the commas outside of all brackets.</summary>
    public static IEnumerable<string> Split(string text)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '(' or '<' or '[') depth++;
            if (text[i] is ')' or '>' or ']') depth--;
            if (text[i] != ',' || depth != 0) continue;
            yield return text[start..i].Trim();
            start = i + 1;
        }
        if (text[start..].Trim() is { Length: > 0 } rest) yield return rest;
    }

    /// <summary>"(long, long)? stride" → its type and name; a lone type has the name "".</summary>
    public static (string type, string name) SplitTypeAndName(string text)
    {
        int space = text.LastIndexOf(' ');
        bool named = space > 0 && !text[space..].AsSpan().ContainsAny(")>]") && text[..space].Trim() is { Length: > 0 } type && type[^1] != ',';
        return named ? (text[..space].Trim(), text[(space + 1)..].TrimStart('@')) : (text, "");
    }

    private static string ReflectedName(string line) => Generics().Replace(line.Trim(), match => $"`{match.Value.Count(c => c == ',') + 1}");

    private static ListedMember? Parse(string line)
    {
        var words = Prefix().Match(line);
        bool isStatic = words.Groups["mods"].Value.Contains("static", StringComparison.Ordinal);
        string kind = words.Groups["kind"].Value, rest = line[words.Length..].Trim();
        switch (kind)
        {
            case "value":
                var value = rest.Split('=', StringSplitOptions.TrimEntries);
                return new(kind, true, value[0].TrimStart('@'), value.ElementAtOrDefault(1) ?? "", [], line);
            case "property" or "field":
                var named = rest.Split(" : ", 2);
                return new(kind, isStatic, named[0].Split(' ')[0].TrimStart('@'), TypeNames.Of(named[1]), [], line);
            case "operator" or "conversion":
                rest = rest.Replace("public static ", "", StringComparison.Ordinal);
                int at = rest.IndexOf("operator", StringComparison.Ordinal), open = rest.IndexOf('(', at);
                string symbol = rest[(at + "operator".Length)..open].Trim();
                return kind == "operator"
                    ? new(kind, true, symbol, TypeNames.Of(rest[..at]), Parameters(rest[(open + 1)..^1]), line)
                    : new(kind, true, rest[..at].Trim(), TypeNames.Of(symbol), Parameters(rest[(open + 1)..^1]), line);
            case "method" or "constructor" or "delegate" or "indexer":
                char bracket = kind == "indexer" ? '[' : '(';
                int first = rest.IndexOf(bracket), last = Matching(rest, first);
                string type = last + 1 < rest.Length ? TypeNames.Of(rest[(last + 1)..].Trim().TrimStart(':')) : "";
                string name = kind == "constructor" ? "" : Generics().Replace(rest[..first], "").TrimStart('@');
                return new(kind, isStatic, name, type, Parameters(rest[(first + 1)..last]), line);
            default:
                return null;
        }
    }

    private static List<ListedParameter> Parameters(string text) => [.. Split(text).Select(parameter =>
    {
        var sides = parameter.Split('=', 2, StringSplitOptions.TrimEntries);
        string declared = Modifiers().Replace(AttributePrefix().Replace(sides[0], ""), "");
        // An attribute with a value of its own holds the first "=".
        if (sides[0].StartsWith('[') && !sides[0].Contains(']')) throw new FormatException(parameter);
        var (type, name) = SplitTypeAndName(declared.Trim());
        return new ListedParameter(TypeNames.Of(type), name, sides.ElementAtOrDefault(1));
    })];

    private static int Matching(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] is '(' or '[') depth++;
            if (text[i] is ')' or ']' && --depth == 0) return i;
        }
        throw new FormatException($"unbalanced: {text}");
    }

    /// <summary>Whether a default value equals its text in the list; a text that names a constant is taken on trust.</summary>
    public static bool SameDefault(string listed, object? actual)
    {
        if (listed is "null" or "default") return actual is null || (actual.GetType().IsValueType && actual.Equals(Activator.CreateInstance(actual.GetType())));
        if (listed is "true" or "false") return actual is bool flag && flag == (listed == "true");
        if (listed.StartsWith('"')) return actual is string text && text == listed.Trim('"');
        if (listed.StartsWith('\'')) return actual is char letter && $"'{letter}'" == listed;
        if (actual is Enum constant) return listed.Split('.')[^1].TrimStart('@') == constant.ToString();
        var factors = listed.Split('/').Select(factor => double.TryParse(factor.Trim().TrimEnd('f', 'F', 'L', 'l', 'd'), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN).ToList();
        if (factors.Any(double.IsNaN)) return true;
        double wanted = factors.Aggregate((a, b) => a / b);
        return actual is IConvertible given && Math.Abs(given.ToDouble(CultureInfo.InvariantCulture) - wanted) <= 1e-7 * Math.Abs(wanted);
    }

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex Generics();

    [GeneratedRegex(@"^(?<mods>((static|protected|abstract|virtual|readonly|const|public) )*)(?<kind>[a-z]+)")]
    private static partial Regex Prefix();

    [GeneratedRegex(@"^(\[[A-Za-z][^\]]*\]\s*)+")]
    private static partial Regex AttributePrefix();

    [GeneratedRegex(@"^((this|params|out|ref|in|scoped|readonly) )+")]
    private static partial Regex Modifiers();
}
