using System.Net;
using System.Net.Sockets;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Transport;
using StableDiffusion.Coordinator;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Farm.Embedded;

/// <summary>
/// The whole farm in one process: coordinator and worker as they run apart, over MassTransit's in-memory transport, a
/// private PostgreSQL and a folder for objects.
/// </summary>
internal sealed class EmbeddedFarm : IAsyncDisposable
{
    /// <summary>For handing work back, and then for letting go of what is left; together less than <c>./farm down</c> waits.</summary>
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestDispose = TimeSpan.FromSeconds(5);
    private readonly DataFolder data;
    private readonly WebApplication app;

    private EmbeddedFarm(DataFolder data, WebApplication app)
    {
        this.data = data;
        this.app = app;
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => new(app.Urls.First());

    /// <summary>Starts the farm of a data folder, whose lock the caller holds, and records where it is.</summary>
    /// <param name="data">Where it keeps everything.</param>
    /// <param name="port">The port of loopback to listen on; another free one when it is taken.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<EmbeddedFarm> StartAsync(DataFolder data, int port, CancellationToken cancellationToken)
    {
        var record = new FarmRecord(Environment.ProcessId, TimeProvider.System.GetUtcNow(), Url: null);
        data.RotateLog();
        record.Write(data);
        try
        {
            string connectionString = await EmbeddedPostgres.StartAsync(data, cancellationToken);
            var farm = new EmbeddedFarm(data, await StartAsync(data, connectionString, FreePort(port), cancellationToken));
            (record with { Url = farm.Url }).Write(data);
            farm.app.Lifetime.ApplicationStopping.Register(() => record.Write(data)); // from now on nobody shall be sent here
            return farm;
        }
        catch (OptionsValidationException wrong)
        {
            await EndAsync(data);
            throw new FarmException(string.Join("\nfarm: ", wrong.Failures), wrong);
        }
        catch (InvalidOperationException wrong) // a setting that is no number, a device that is not there
        {
            await EndAsync(data);
            throw new FarmException(wrong.Message, wrong);
        }
        catch
        {
            await EndAsync(data);
            throw;
        }
    }

    /// <summary>Returns when the farm was told to end, by a signal or by a part of it that cannot go on.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, app.Lifetime.ApplicationStopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends it in the order of need: work is handed back, then the database stops, then the record goes.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(LongestStop);
            await app.StopAsync(patience.Token).WaitAsync(LongestStop);
            await app.DisposeAsync().AsTask().WaitAsync(LongestDispose);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            // a long native call; what it draws, the next farm draws again
        }
        finally
        {
            await EndAsync(data);
        }
    }

    private static async Task<WebApplication> StartAsync(DataFolder data, string connectionString, int port, CancellationToken cancellationToken)
    {
        WebApplication app = Build(data, connectionString, port);
        try
        {
            await app.StartAsync(cancellationToken);
            return app;
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            await app.DisposeAsync(); // somebody was quicker since the port was free
            return await StartAsync(data, connectionString, FreePort(0), cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static async Task EndAsync(DataFolder data)
    {
        await EmbeddedPostgres.StopAsync(data, CancellationToken.None);
        File.Delete(data.Record);
    }

    private static WebApplication Build(DataFolder data, string connectionString, int port)
    {
        // the data folder is the content root, so an appsettings.json in it is read; so are environment variables
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = data.Path, Args = [HostArguments.ReadSettingsOnce] });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Urls"] = $"http://127.0.0.1:{port}",
            ["ConnectionStrings:Farm"] = connectionString,
            ["Objects:Kind"] = "folder",
            ["Objects:Folder"] = data.Objects,
            ["Dispatch:RequeueAtStart"] = "true", // messages in memory end with the process
        });
        builder.Configuration["Worker:Models"] ??= data.Models;
        builder.Configuration["Worker:Cache"] ??= data.Cache;
        builder.Configuration["Logging:LogLevel:Microsoft.AspNetCore"] ??= "Warning";
        builder.Configuration["Logging:LogLevel:Microsoft.EntityFrameworkCore"] ??= "Warning";
        // a new database's missing table of migrations is told as an error here; real ones come as exceptions
        builder.Configuration["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command"] ??= "Critical";
        // why a start fails comes as an exception, and one that is interrupted is no failure
        CancellationToken started = CancellationToken.None;
        LogLevel least = builder.Configuration.GetValue("Logging:LogLevel:Default", LogLevel.Information);
        foreach (string category in new[] { "Microsoft.Extensions.Hosting.Internal.Host", "MassTransit" })
        {
            builder.Logging.AddFilter(category, level => level >= least && started.IsCancellationRequested);
        }

        builder.AddCoordinator();
        builder.AddWorker();
        builder.AddObjectStore();
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddCoordinatorConsumers();
            bus.AddWorkerConsumers();
            bus.UsingInMemory((context, transport) => transport.ConfigureEndpoints(context));
        });
        WebApplication app = builder.Build();
        started = app.Lifetime.ApplicationStarted;
        app.MapCoordinator();
        return app;
    }

    private static int FreePort(int wanted)
    {
        foreach (int port in new[] { wanted, 0 })
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse && port != 0)
            {
                // the other one, then
            }
        }

        throw new FarmException("no port of 127.0.0.1 is free");
    }
}
