using System.Text.RegularExpressions;

namespace TorchSharp.Tests.Conformance;

/// <summary>Brings a type as the list spells it and a type as reflection has it to one spelling.</summary>
internal static partial class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(char)] = "char", [typeof(decimal)] = "decimal", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short",
        [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong",
        [typeof(float)] = "float", [typeof(double)] = "double", [typeof(string)] = "string", [typeof(object)] = "object",
    };

    /// <summary>Without namespaces, outer types, nullability, tuple element names and spaces.</summary>
    public static string Of(Type type)
    {
        if (type.IsByRef) return Of(type.GetElementType()!);
        if (type.IsArray) return Of(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Of(underlying);
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (!type.IsGenericType) return type.Name;
        var arguments = string.Join(",", type.GetGenericArguments().Select(Of));
        if (type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal)) return $"({arguments})";
        int own = type.Name.IndexOf('`', StringComparison.Ordinal);
        return own < 0 ? type.Name : $"{type.Name[..own]}<{arguments}>";
    }

    /// <inheritdoc cref="Of(Type)"/>
    public static string Of(string listed)
    {
        var text = Attributes().Replace(listed.Trim(), "").Replace("?", "", StringComparison.Ordinal).Replace("@", "", StringComparison.Ordinal);
        text = text.Replace("System.Tuple", "Tuple", StringComparison.Ordinal);
        if (text.StartsWith('('))
        {
            int end = Closing(text, 0);
            var elements = ApiList.Split(text[1..end]).Select(element => Of(ApiList.SplitTypeAndName(element).type));
            return $"({string.Join(",", elements)}){Suffix(text[(end + 1)..])}";
        }
        int open = text.IndexOf('<', StringComparison.Ordinal);
        if (open >= 0)
        {
            int end = Closing(text, open);
            var arguments = ApiList.Split(text[(open + 1)..end]).Select(Of);
            return $"{Last(text[..open])}<{string.Join(",", arguments)}>{Suffix(text[(end + 1)..])}";
        }
        int array = text.IndexOf('[', StringComparison.Ordinal);
        return array < 0 ? Last(text) : Last(text[..array]) + Suffix(text[array..]);
    }

    private static string Suffix(string text) => text.Replace(" ", "", StringComparison.Ordinal);

    private static string Last(string qualified) => qualified.Trim().Split('.')[^1];

    private static int Closing(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] is '(' or '<' or '[') depth++;
            if (text[i] is ')' or '>' or ']' && --depth == 0) return i;
        }
        throw new FormatException($"unbalanced: {text}");
    }

    [GeneratedRegex(@"^\[[A-Za-z][^\]]*\]\s*")]
    private static partial Regex Attributes();
}
