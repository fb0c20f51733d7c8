using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Contracts.Tests.Messages;

/// <summary>
/// Messages as version 1 writes them (<c>v1/</c>): later ones must read every field as what it is called here. A file is never
/// changed after its release; a new field goes into the next version's.
/// </summary>
public sealed class GoldenMessageTests
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web); // as MassTransit writes them

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Messages", "v1");

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_field_of_a_message_of_version_1_is_understood(string name)
    {
        var type = typeof(RenderImages).Assembly.GetType($"{typeof(RenderImages).Namespace}.{name}", throwOnError: true)!;
        string written = File.ReadAllText(Path.Combine(Folder, name + ".json"));

        object read = JsonSerializer.Deserialize(written, type, Wire)!;

        AssertHolds(JsonNode.Parse(written)!, JsonSerializer.SerializeToNode(read, type, Wire)!, name);
    }

    [Fact]
    public void No_message_is_without_a_file()
    {
        var sent = new[]
        {
            typeof(RenderImages), typeof(ClaimImages), typeof(ImagesClaimed), typeof(ImagesReported), typeof(WorkerRegistered), typeof(WorkerBeat),
            typeof(DrainWorker), typeof(ResumeWorker), typeof(CancelAttempts), typeof(LoadModel),
        };

        Assert.Equal(sent.Select(type => type.Name).Order(), Files.Select(row => row.Data));
    }

    /// <summary>All of the one is in the other; a newer version may write more.</summary>
    private static void AssertHolds(JsonNode old, JsonNode? read, string where)
    {
        switch (old)
        {
            case JsonObject fields:
                Assert.All(fields, field => AssertHolds(field.Value!, read!.AsObject()[field.Key], $"{where}.{field.Key}"));
                break;
            case JsonArray items:
                Assert.Equal(items.Count, read!.AsArray().Count);
                Assert.All(Enumerable.Range(0, items.Count), index => AssertHolds(items[index]!, read.AsArray()[index], $"{where}[{index}]"));
                break;
            default:
                Assert.True(JsonNode.DeepEquals(old, read) || old.ToJsonString() == read?.ToJsonString(), $"{where}: {old.ToJsonString()} was read as {read?.ToJsonString() ?? "nothing"}");
                break;
        }
    }
}
