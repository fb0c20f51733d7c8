using System.Text.Json.Nodes;

namespace StableDiffusion.Farm.Tests.Deployment;

/// <summary>What a folder of <c>deploy/k8s</c> brings to a cluster: objects, and names of the generated ones. Patches are kept apart.</summary>
internal sealed class Kustomization
{
    private readonly HashSet<string> read = [];

    private Kustomization()
    {
    }

    public List<JsonObject> Objects { get; } = [];

    /// <summary>Objects that patch one of the same kind and name.</summary>
    public List<JsonObject> Patches { get; } = [];

    /// <summary>(kind, name) of the targets of patches that are lists of operations.</summary>
    public List<(string Kind, string Name)> PatchTargets { get; } = [];

    /// <summary>Generated ConfigMaps and their keys.</summary>
    public Dictionary<string, IReadOnlyList<string>> ConfigMaps { get; } = [];

    /// <summary>Names of generated Secrets.</summary>
    public List<string> Secrets { get; } = [];

    public static Kustomization Load(params string[] folder)
    {
        var all = new Kustomization();
        all.Add(DeploymentFiles.PathOf(folder));
        return all;
    }

    public IEnumerable<JsonObject> OfKind(string kind) => Objects.Where(found => found.Text("kind") == kind);

    /// <summary>Deployments, StatefulSets and Jobs.</summary>
    public IEnumerable<JsonObject> Workloads => Objects.Where(found => found["spec"]?["template"] is not null);

    private void Add(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (!read.Add(folder))
        {
            return;
        }

        JsonObject file = DeploymentFiles.Documents(Path.Combine(folder, "kustomization.yaml")).Single();
        int before = Objects.Count;
        HashSet<string> named = ["kustomization.yaml", "make-secrets.sh"];
        foreach (string resource in file.Texts("resources").Concat(file.Texts("components")))
        {
            named.Add(resource);
            if (Directory.Exists(Path.Combine(folder, resource)))
            {
                Add(Path.Combine(folder, resource));
            }
            else
            {
                Objects.AddRange(DeploymentFiles.Documents(Path.Combine(folder, resource)));
            }
        }

        foreach (JsonObject found in Objects.Skip(before).Where(_ => file["namespace"] is not null))
        {
            found["metadata"]!["namespace"] = file.Text("namespace");
        }

        foreach (JsonNode generator in file.At("configMapGenerator"))
        {
            string[] files = [.. generator.Texts("files"), .. generator.Texts("envs")];
            named.UnionWith(files);
            ConfigMaps.Add(generator.Text("name"), [.. generator.Texts("files"), .. generator.Texts("envs").SelectMany(env => Variables(Path.Combine(folder, env)))]);
        }

        Secrets.AddRange(file.At("secretGenerator").Select(generator => generator.Text("name")));
        foreach (JsonNode patch in file.At("patches"))
        {
            if (patch["path"] is { } path)
            {
                named.Add(path.GetValue<string>());
                Patches.AddRange(DeploymentFiles.Documents(Path.Combine(folder, path.GetValue<string>())));
            }
            else
            {
                PatchTargets.Add((patch.Text("target.kind"), patch.Text("target.name")));
            }
        }

        Assert.Empty(Directory.GetFiles(folder).Select(Path.GetFileName).Where(name => !name!.StartsWith('.')).Except(named));
    }

    private static IEnumerable<string> Variables(string file) => File.ReadLines(file).Select(line => line.Split('=', 2)[0]);
}
