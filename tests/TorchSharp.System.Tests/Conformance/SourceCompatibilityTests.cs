using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace TorchSharp.Tests.Conformance;

/// <summary>
/// What is written against this binding must build against TorchSharp without a warning: the overloads, nullability and names
/// that only TorchSharp has must not make a call ambiguous, a value perhaps null, or a name mean two things.
/// </summary>
public class SourceCompatibilityTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../.."));

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest, DocumentationMode.None);

    private static readonly List<MetadataReference> Framework =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(file => !Path.GetFileName(file).StartsWith("TorchSharp", StringComparison.Ordinal) && Path.GetFileName(file) != "Diffusion.dll")
            .Select(file => MetadataReference.CreateFromFile(file)),
    ];

    [Theory]
    [InlineData("src/Diffusion", "tests/Diffusion.Tests")]
    [InlineData("tests/TorchSharp.System.Tests")]
    public void All_that_is_written_against_the_binding_builds_against_TorchSharp(params string[] folders)
    {
        var stubs = Compile("TorchSharp", NullableContextOptions.Annotations,
            [Parse(ApiStubs.Source(Path.Combine(AppContext.BaseDirectory, "Conformance", "torchsharp-api.txt")))], Framework);
        Assert.Empty(stubs.GetDiagnostics(TestContext.Current.CancellationToken).Where(found => found.Severity == DiagnosticSeverity.Error).Take(10));

        var sources = folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Select(file => Parse(File.ReadAllText(file), file)).ToList();
        Assert.NotEmpty(sources);
        var built = Compile("Above", NullableContextOptions.Enable, [Parse(ImplicitUsings), .. sources], [.. Framework, stubs.ToMetadataReference()]);

        // What source generators would add is missing here: partial methods without a body, and nothing else.
        Assert.Empty(built.GetDiagnostics(TestContext.Current.CancellationToken).Where(found => found.Severity >= DiagnosticSeverity.Warning && found.Id is not ("CS8795" or "CS1701")).Take(10));
    }

    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using Xunit;
        """;

    private static SyntaxTree Parse(string source, string file = "") => CSharpSyntaxTree.ParseText(source, Language, file);

    private static CSharpCompilation Compile(string name, NullableContextOptions nullable, IEnumerable<SyntaxTree> sources, IEnumerable<MetadataReference> references) =>
        CSharpCompilation.Create(name, sources, references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: nullable));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
