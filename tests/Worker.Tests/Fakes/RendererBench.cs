using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Inputs;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Files;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>The real renderer on the tiny model of the reference numbers, with a folder for adapters and a store for pictures.</summary>
internal sealed class RendererBench : IDisposable
{
    public static string TinyModel { get; } = Path.Combine(AppContext.BaseDirectory, "tiny-sd15");

    /// <summary>Adapters lie in it.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("models-").FullName;

    public List<string> Log { get; } = [];

    public HeldAdapters Adapters { get; } = new();

    public FakeStore Store { get; } = new();

    /// <summary>The farm's files.</summary>
    public Shelf Shelf { get; } = new();

    /// <summary>What the renderer's worker does from time to time.</summary>
    public Func<Task> FollowAsync { get; private set; } = () => Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static ImageSettings Settings(int size) => Some.Settings with { Model = "tiny-sd15", Steps = 3, Width = size, Height = size };

    public static async Task<Picture[]> Draw(TorchRenderer renderer, params ImageSettings[] images)
    {
        var pictures = new Picture[images.Length];
        await renderer.RenderAsync(
            new RenderGroup(images[0].Model, images) { Rendered = (image, drawn) => pictures[image] = drawn.Picture }, Cancel);
        return pictures;
    }

    public void Dispose()
    {
        Shelf.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Lays a file or folder of the tests where a worker finds it.</summary>
    /// <param name="kind">What it is there for.</param>
    /// <param name="name">The name that it gets.</param>
    /// <param name="source">Beside the tests; a single file's ending is kept.</param>
    /// <returns>Its name and hash.</returns>
    public async Task<NamedFile> HoldAsync(AdapterKind kind, string name, string source)
    {
        var path = Path.Combine(AppContext.BaseDirectory, source);
        var place = PathOf(kind, name);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        if (Directory.Exists(path))
        {
            Directory.CreateSymbolicLink(place, path);
        }
        else
        {
            File.Copy(path, $"{place}.safetensors", overwrite: true);
        }

        await LookAsync();
        var held = Adapters.All.Single(adapter => adapter.Kind == kind && adapter.Name == name);
        return new NamedFile { Name = held.Name, Hash = held.Hash };
    }

    /// <summary>A LoRA as <see cref="HoldAsync"/>.</summary>
    public async Task<LoraSettings> HoldLoraAsync(string name, string source, double weight)
    {
        var held = await HoldAsync(AdapterKind.Lora, name, source);
        return new LoraSettings { Name = held.Name, Hash = held.Hash, Weight = weight };
    }

    /// <summary>Where an adapter lies; a single file has an ending besides.</summary>
    public string PathOf(AdapterKind kind, string name) => Path.Combine(Root, kind == AdapterKind.Embedding ? "embeddings" : kind.ToString(), name);

    /// <param name="models">Worker:Models.</param>
    /// <param name="threads">Worker:Threads.</param>
    /// <param name="loraMemory">Worker:LoraMemory.</param>
    /// <param name="singleFile">What is set for the tiny model.</param>
    /// <param name="maxModels">Worker:MaxModels.</param>
    /// <param name="modelMemory">Worker:ModelMemory.</param>
    /// <param name="like">Makes the CPU pose as another device.</param>
    public TorchRenderer Renderer(
        string models, int threads = 2, int loraMemory = 1024, SingleFileSetting? singleFile = null, int maxModels = 0, int? modelMemory = null, Func<TorchDevice, TorchDevice>? like = null)
    {
        var options = new WorkerOptions { Models = models, Device = "cpu", Threads = threads, LoraMemory = loraMemory, MaxModels = maxModels, ModelMemory = modelMemory };
        if (singleFile is not null)
        {
            options.SingleFiles.Add("tiny-sd15", singleFile);
        }

        var worker = Shelf.Worker(models: models, held: Adapters);
        FollowAsync = () => worker.FollowAsync(Cancel);
        worker.Files.ReadAsync(Cancel).GetAwaiter().GetResult(); // as before a worker's start
        return new TorchRenderer(
            Options.Create(options), Adapters, new InputCache(Store, TimeProvider.System), worker.Models, worker.Adapters, new ListLogger(Log),
            set => like is null ? TorchDevice.Open(set) : like(TorchDevice.Open(set)));
    }

    private async Task LookAsync() => Adapters.Replace(
        await new AdapterFolders(Options.Create(new WorkerOptions { Models = Root }), NullLogger<AdapterFolders>.Instance).FindAsync(Cancel));

    private sealed class ListLogger(List<string> lines) : ILogger<TorchRenderer>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }
}
