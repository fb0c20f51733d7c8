using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Scaling;

namespace StableDiffusion.Farm.Tests.Deployment;

public sealed partial class KubernetesTests
{
    /// <summary>What an operator makes by hand, docs/operations.md.</summary>
    private static readonly string[] SecretsByHand = ["farm-coordinator", "farm-worker", "farm-watch"];

    public static TheoryData<string> Overlays => [.. Directory.GetDirectories(DeploymentFiles.PathOf("deploy", "k8s", "overlays")).Select(folder => Path.GetFileName(folder)!)];

    [Theory, MemberData(nameof(Overlays))]
    public void Every_name_that_an_object_refers_to_is_there(string overlay)
    {
        Kustomization all = Load(overlay);
        IEnumerable<JsonObject> parts = [.. all.Objects.SelectMany(found => found.Objects())];
        string[] secrets = [.. all.Secrets, .. SecretsByHand];

        Assert.All(parts.Texts("configMapRef.name", "configMap.name", "configMapKeyRef.name"), name => Assert.Contains(name, all.ConfigMaps.Keys));
        Assert.All(parts.Texts("secretRef.name", "secretKeyRef.name"), name => Assert.Contains(name, secrets));
        Assert.All(parts.Texts("authenticationRef.name"), name => Assert.Contains(name, Names(all, "TriggerAuthentication")));
        Assert.All(parts.Texts("scaleTargetRef.name"), name => Assert.Contains(name, Names(all, "Deployment")));
        Assert.All(all.OfKind("TriggerAuthentication").SelectMany(found => found.Texts("spec.secretTargetRef.name")), name => Assert.Contains(name, secrets));
        Assert.All(all.OfKind("StatefulSet").SelectMany(found => found.Texts("spec.serviceName")), name => Assert.Contains(name, Names(all, "Service")));
        Assert.All(all.Patches, patch => Assert.Contains(patch.Text("metadata.name"), Names(all, patch.Text("kind"))));
        Assert.All(all.PatchTargets, target => Assert.Contains(target.Name, Names(all, target.Kind)));
        foreach (JsonObject pod in all.Workloads.Select(Pod))
        {
            string[] volumes = [.. pod.Texts("volumes.name"), .. all.OfKind("StatefulSet").SelectMany(found => found.Texts("spec.volumeClaimTemplates.metadata.name"))];
            Assert.All(pod.Texts("containers.volumeMounts.name"), name => Assert.Contains(name, volumes));
            Assert.All(pod.At("containers.volumeMounts").Where(mount => mount["subPath"] is not null), mount =>
                Assert.Contains(mount.Text("subPath"), all.ConfigMaps[pod.At("volumes").Single(volume => volume.Text("name") == mount.Text("name")).Text("configMap.name")]));
        }
    }

    [Theory, MemberData(nameof(Overlays))]
    public void Every_object_is_in_the_farms_namespace(string overlay) =>
        Assert.All(Load(overlay).Objects.Concat(Kustomization.Load("deploy", "k8s", "watch").Objects).Where(found => found.Text("kind") != "Namespace"), found => Assert.Equal(["render-farm"], found.Texts("metadata.namespace")));

    [Theory, MemberData(nameof(Overlays))]
    public void Every_selector_finds_a_pod_and_every_named_port_is_one_of_that_pod(string overlay)
    {
        Kustomization all = Load(overlay);

        Assert.All(all.Objects.Where(found => found.Text("kind") is "Deployment" or "StatefulSet"), found =>
            Assert.True(Matches((JsonObject)found["spec"]!["selector"]!["matchLabels"]!, found)));
        foreach (JsonObject service in all.OfKind("Service"))
        {
            JsonObject target = Assert.Single(all.Workloads, workload => Matches((JsonObject)service["spec"]!["selector"]!, workload));
            Assert.All(service.At("spec.ports"), port => Assert.Contains(
                port["targetPort"]?.GetValue<string>() ?? port.Text("port"), Pod(target).At("containers.ports").SelectMany(open => new[] { open.Text("name"), open.Text("containerPort") })));
        }

        foreach (JsonObject found in all.OfKind("PodDisruptionBudget").Concat(all.OfKind("NetworkPolicy")))
        {
            JsonObject selector = (JsonObject)(found["spec"]!["selector"] ?? found["spec"]!["podSelector"])!;
            JsonObject[] selected = [.. all.Workloads.Where(workload => Selects(selector, workload))];
            Assert.NotEmpty(selected);
            Assert.All(found.Texts("spec.ingress.ports.port"), port => Assert.Contains(port, selected.SelectMany(workload => Pod(workload).Texts("containers.ports.name"))));
        }

        foreach (JsonNode peer in all.OfKind("NetworkPolicy").SelectMany(found => found.At("spec.ingress.from.podSelector").Concat(found.At("spec.egress.to.podSelector"))))
        {
            Assert.All(LabelValues((JsonObject)peer), name => Assert.Contains(name, all.Workloads.Select(NameLabel)));
        }
    }

    [Theory, MemberData(nameof(Overlays))]
    public void Every_setting_is_one_that_its_program_reads(string overlay)
    {
        Kustomization all = Load(overlay);

        foreach (JsonObject workload in all.Workloads.Concat(all.Patches).Where(found => found.Text("metadata.name") is "coordinator" or "worker"))
        {
            IEnumerable<string> shared = Pod(workload).Texts("containers.envFrom.configMapRef.name").SelectMany(name => all.ConfigMaps[name]);
            Assert.All(Pod(workload).Texts("containers.env.name").Concat(shared), name => Assert.True(ProgramSettings.Has(workload.Text("metadata.name"), name), name));
        }
    }

    [Fact]
    public void The_trials_secrets_are_settings_and_its_servers_are_those_of_compose()
    {
        string script = DeploymentFiles.Read("deploy", "k8s", "overlays", "trial", "make-secrets.sh");
        foreach (string program in new[] { "coordinator", "worker" })
        {
            string file = script[script.IndexOf($"secrets/{program}.env", StringComparison.Ordinal)..];
            string[] names = [.. Assignment().Matches(file[..file.IndexOf("\nSETTINGS", StringComparison.Ordinal)]).Select(match => match.Groups["name"].Value)];
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.True(ProgramSettings.Has(program, name), name));
        }

        string[] images = [.. DeploymentFiles.ReadYaml("docker-compose.yml")["services"].Objects().SelectMany(service => service.Texts("image"))];
        Assert.All(Load("trial").Workloads.SelectMany(workload => Pod(workload).Texts("containers.image")), image => Assert.Contains(image, images));
        Assert.All(Load("trial").Objects.SelectMany(found => found.Objects()).SelectMany(found => found.At("secretKeyRef")).Where(one => one.Text("name") == "farm-servers").Select(one => one.Text("key")), key => Assert.Contains($"\n{key}=\n", DeploymentFiles.Read(".env.example"), StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Overlays))]
    public void Pods_have_no_rights_that_they_do_not_need(string overlay)
    {
        foreach (JsonObject workload in Load(overlay).Workloads)
        {
            Assert.Equal("true", Pod(workload).Text("securityContext.runAsNonRoot"));
            Assert.Equal("RuntimeDefault", Pod(workload).Text("securityContext.seccompProfile.type"));
            Assert.Equal("false", Pod(workload).Text("automountServiceAccountToken"));
            Assert.All(Pod(workload).At("containers"), container =>
            {
                Assert.Equal("false", container.Text("securityContext.allowPrivilegeEscalation"));
                Assert.Equal(["ALL"], container.Texts("securityContext.capabilities.drop"));
            });
        }
    }

    [Fact]
    public void KEDA_reads_what_the_coordinator_answers()
    {
        JsonObject trigger = Load("gpu").OfKind("ScaledObject").SelectMany(found => found.At("spec.triggers")).OfType<JsonObject>().Single();
        JsonObject answer = JsonSerializer.SerializeToNode(new ScalingResponse { WaitingGpuSeconds = 12, Models = [] }, FarmJson.Options)!.AsObject();

        Assert.Equal("http://coordinator.render-farm.svc/v1/scaling", trigger.Text("metadata.url"));
        Assert.Equal(12, answer[trigger.Text("metadata.valueLocation")]!.GetValue<double>());
    }

    [Fact]
    public void What_watches_shows_the_key_that_the_coordinators_know_and_finds_their_metrics_and_the_dashboard()
    {
        Kustomization watch = Kustomization.Load("deploy", "k8s", "watch"), farm = Load("gpu");
        JsonObject monitor = watch.OfKind("ServiceMonitor").Single(), key = (JsonObject)Pod(farm.Workloads.Single(found => found.Text("metadata.name") == "coordinator"))
            .At("containers.env").Single(variable => variable.Text("name") == "Owners__WatchKey")["valueFrom"]!["secretKeyRef"]!;

        Assert.Equal((key.Text("name"), key.Text("key")), (monitor.Text("spec.endpoints.authorization.credentials.name"), monitor.Text("spec.endpoints.authorization.credentials.key")));
        JsonNode keda = farm.OfKind("TriggerAuthentication").Single().At("spec.secretTargetRef").Single();
        Assert.Equal((key.Text("name"), key.Text("key"), "token"), (keda.Text("name"), keda.Text("key"), keda.Text("parameter")));
        Assert.Contains(monitor.Text("spec.endpoints.port"), farm.OfKind("Service").Single().Texts("spec.ports.name"));
        Assert.Contains("app.kubernetes.io/part-of: render-farm", DeploymentFiles.Read("deploy", "k8s", "base", "kustomization.yaml"), StringComparison.Ordinal);
        Assert.Equal("render-farm", monitor["spec"]!["selector"]!["matchLabels"]!["app.kubernetes.io/part-of"]!.GetValue<string>());
        Assert.Equal(["render-farm.json"], watch.ConfigMaps["render-farm-dashboard"]);
    }

    [Fact]
    public void What_watches_tells_of_the_same_as_the_rules_of_docker_compose()
    {
        JsonObject rules = Kustomization.Load("deploy", "k8s", "watch").OfKind("PrometheusRule").Single();
        Assert.Equal(DeploymentFiles.ReadYaml("deploy", "prometheus", "rules.yml").ToJsonString(), rules["spec"]!.ToJsonString());
        Assert.All(rules.At("spec.groups.rules"), rule => Assert.Contains(rule["labels"].Text("severity"), new[] { "info", "warning", "critical" }));
        Assert.All(rules.At("spec.groups.rules"), rule => Assert.True(rule["annotations"].Text("summary").Length + rule["annotations"].Text("description").Length > 50));
    }

    [Fact]
    public void The_coordinators_port_is_its_images_and_a_pod_has_longer_to_end_than_its_host_takes()
    {
        Kustomization all = Kustomization.Load("deploy", "k8s", "base");
        TimeSpan host = new Microsoft.Extensions.Hosting.HostOptions().ShutdownTimeout;

        Assert.Equal(ComposeTests.ExposedPort(), Pod(all.Workloads.Single(found => found.Text("metadata.name") == "coordinator")).Text("containers.ports.containerPort"));
        Assert.All(all.Workloads, workload => Assert.True(TimeSpan.FromSeconds(int.Parse(Pod(workload).Text("terminationGracePeriodSeconds"), null)) > host));
    }

    private static Kustomization Load(string overlay) => Kustomization.Load("deploy", "k8s", "overlays", overlay);

    private static JsonObject Pod(JsonObject workload) => (JsonObject)workload["spec"]!["template"]!["spec"]!;

    private static IEnumerable<string> Names(Kustomization all, string kind) => all.OfKind(kind).Select(found => found.Text("metadata.name"));

    private static string NameLabel(JsonObject workload) => Labels(workload)["app.kubernetes.io/name"]!.GetValue<string>();

    private static JsonObject Labels(JsonObject workload) => (JsonObject)workload["spec"]!["template"]!["metadata"]!["labels"]!;

    private static bool Matches(JsonObject labels, JsonObject workload) => labels.All(label => Labels(workload)[label.Key]?.GetValue<string>() == label.Value!.GetValue<string>());

    private static bool Selects(JsonObject selector, JsonObject workload) => selector.Count == 0 || LabelValues(selector).Contains(NameLabel(workload));

    private static IEnumerable<string> LabelValues(JsonObject selector) =>
        selector["matchLabels"] is JsonObject labels ? [labels["app.kubernetes.io/name"]!.GetValue<string>()] : selector.Texts("matchExpressions.values");

    [GeneratedRegex("(?m)^(?<name>[A-Za-z0-9]+__[A-Za-z0-9_]+)=")]
    private static partial Regex Assignment();
}

/// <summary>Of several objects at once.</summary>
file static class Several
{
    public static IEnumerable<string> Texts(this IEnumerable<JsonObject> objects, params string[] paths) =>
        objects.SelectMany(found => paths.SelectMany(path => found.Texts(path)));
}
