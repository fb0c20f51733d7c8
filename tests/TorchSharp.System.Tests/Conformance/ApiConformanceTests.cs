using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Conformance;

/// <summary>
/// The binding must stay a subset of TorchSharp 0.107: code that compiles against it compiles against the NuGet package. The
/// list was read off TorchSharp's sources.
/// </summary>
public class ApiConformanceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<string, string> Operators = new()
    {
        ["op_Addition"] = "+", ["op_Subtraction"] = "-", ["op_Multiply"] = "*", ["op_Division"] = "/", ["op_Modulus"] = "%",
        ["op_Equality"] = "==", ["op_Inequality"] = "!=", ["op_LessThan"] = "<", ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThan"] = ">", ["op_GreaterThanOrEqual"] = ">=", ["op_BitwiseAnd"] = "&", ["op_BitwiseOr"] = "|",
        ["op_ExclusiveOr"] = "^", ["op_OnesComplement"] = "~", ["op_UnaryNegation"] = "-", ["op_LogicalNot"] = "!",
        ["op_LeftShift"] = "<<", ["op_RightShift"] = ">>", ["op_Implicit"] = "implicit", ["op_Explicit"] = "explicit",
        ["op_UnaryPlus"] = "+",
    };

    private static readonly Assembly Binding = typeof(Tensor).Assembly;

    [Fact]
    public void Every_visible_member_is_one_of_TorchSharps()
    {
        Assert.SkipWhen(Binding.GetName().Name == "TorchSharp", "This build uses TorchSharp itself; there is no second binding to compare with it.");
        var listed = ApiList.Read(Path.Combine(AppContext.BaseDirectory, "Conformance", "torchsharp-api.txt"));
        var types = Binding.GetTypes().Where(IsVisible).ToList();
        Assert.Contains(typeof(nn.Module), types);

        var foreign = types.SelectMany(type => listed.TryGetValue(type.FullName!, out var members)
            ? Foreign(type, members)
            : [$"type {type.FullName}"]).ToList();

        Assert.True(foreign.Count == 0, $"TorchSharp has no such members:\n{string.Join("\n", foreign)}");
    }

    [Theory]
    [InlineData("method f(Tensor input) : Tensor", "f", "Tensor input", true)]
    [InlineData("method f(Tensor input) : Tensor", "f", "Tensor x", false)]
    [InlineData("static method f(IEnumerable<(string name, Parameter parameter)> p, [MarshalAs(UnmanagedType.U1)] bool b = false) : void", "f", "IEnumerable<(string,Parameter)> p, bool b", true)]
    public void A_listed_line_is_read_with_the_types_and_names_of_its_parameters(string line, string name, string parameters, bool same)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, $"A.B\n    {line}\n");
        var member = Assert.Single(ApiList.Read(path)["A.B"]);
        File.Delete(path);

        Assert.Equal(name, member.Name);
        Assert.Equal(same, parameters == string.Join(", ", member.Parameters.Select(parameter => $"{parameter.Type} {parameter.Name}")));
    }

    private static IEnumerable<string> Foreign(Type type, List<ListedMember> listed)
    {
        foreach (var member in type.GetMembers(Declared))
        {
            bool known = member switch
            {
                ConstructorInfo constructor => !Visible(constructor) || constructor.IsStatic || IsKnownConstructor(constructor, listed),
                MethodInfo method => !Visible(method) || IsAccessor(method) || IsOverride(method) || IsKnownMethod(method, listed),
                PropertyInfo property => !property.GetAccessors(true).Any(Visible) || property.GetAccessors(true).All(IsOverride) || IsKnownProperty(property, listed),
                FieldInfo field => !(field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) || field.IsSpecialName || IsKnownField(field, listed),
                _ => true,
            };
            if (!known) yield return $"{type.FullName}: {member}";
        }
    }

    private static bool IsKnownConstructor(ConstructorInfo constructor, List<ListedMember> listed)
    {
        var constructors = listed.Where(member => member.Kind == "constructor").ToList();
        // What declares no constructor has one without parameters.
        if (constructors.Count == 0 && constructor.GetParameters().Length == 0) return true;
        if (constructor.DeclaringType!.IsSubclassOf(typeof(Delegate))) return true;
        return constructors.Any(member => SameParameters(member, constructor));
    }

    private static bool IsKnownMethod(MethodInfo method, List<ListedMember> listed)
    {
        if (method.DeclaringType!.IsSubclassOf(typeof(Delegate))) return true;
        if (method.IsSpecialName && Operators.TryGetValue(method.Name, out var symbol))
        {
            return listed.Any(member => member.Kind is "operator" or "conversion" && member.Name == symbol
                && member.Type == TypeNames.Of(method.ReturnType) && SameParameters(member, method));
        }
        return listed.Any(member => member.Kind == "method" && member.Name == method.Name && member.Static == method.IsStatic
            && member.Type == TypeNames.Of(method.ReturnType) && SameParameters(member, method));
    }

    private static bool IsKnownProperty(PropertyInfo property, List<ListedMember> listed)
    {
        var indices = property.GetIndexParameters();
        return listed.Any(member => member.Type == TypeNames.Of(property.PropertyType) && (indices.Length == 0
            ? member.Kind == "property" && member.Name == property.Name
            : member.Kind == "indexer" && member.Parameters.Select(parameter => parameter.Type).SequenceEqual(indices.Select(index => TypeNames.Of(index.ParameterType)))));
    }

    private static bool IsKnownField(FieldInfo field, List<ListedMember> listed)
    {
        if (!field.DeclaringType!.IsEnum)
            return listed.Any(member => member.Kind == "field" && member.Name == field.Name && member.Type == TypeNames.Of(field.FieldType));
        var value = listed.FirstOrDefault(member => member.Kind == "value" && member.Name == field.Name);
        return value is not null && (value.Type.Length == 0 || value.Type == $"{Convert.ToInt64(field.GetRawConstantValue())}");
    }

    private static bool SameParameters(ListedMember member, MethodBase method)
    {
        var parameters = method.GetParameters();
        return member.Parameters.Count == parameters.Length && member.Parameters.Zip(parameters).All(pair =>
            pair.First.Name == pair.Second.Name
            && pair.First.Type == TypeNames.Of(pair.Second.ParameterType)
            && pair.First.Default is not null == pair.Second.IsOptional
            && (pair.First.Default is null || ApiList.SameDefault(pair.First.Default, pair.Second.DefaultValue)));
    }

    private static bool IsVisible(Type type) =>
        (type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)))
        && type.GetCustomAttribute<CompilerGeneratedAttribute>() is null;

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !Operators.ContainsKey(method.Name);

    private static bool IsOverride(MethodInfo method) => method.GetBaseDefinition().DeclaringType != method.DeclaringType;
}
