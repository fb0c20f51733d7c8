# A worker for CPUs, on Debian's libtorch and OpenBLAS: the ones that the tests run on.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS sdk
FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble AS dotnet

FROM debian:12.11-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates cmake g++ libtorch-dev make && rm -rf /var/lib/apt/lists/*
COPY --from=sdk /usr/share/dotnet /usr/share/dotnet
WORKDIR /farm
COPY . .
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
RUN /usr/share/dotnet/dotnet publish src/Worker -c Release -p:Torch=system -o /app

FROM debian:12.11-slim
# OpenBLAS is named: the BLAS that libtorch would bring multiplies tens of times slower
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libopenblas0-pthread libtorch1.13 && rm -rf /var/lib/apt/lists/*
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
COPY --from=build /app /app
# GOMP_SPINCOUNT: waiting threads spin from one operator to the next and no longer, so that workers can share cores.
# MALLOC_ARENA_MAX: of malloc's arenas only the first keeps large blocks; in others the kernel zeroes each intermediate tensor's pages anew.
ENV GOMP_SPINCOUNT=10000 MALLOC_ARENA_MAX=1
# one line of JSON for each event, with the ids of what it is about
ENV Logging__Console__FormatterName=json \
    Logging__Console__FormatterOptions__IncludeScopes=true \
    Logging__Console__FormatterOptions__UseUtcTimestamp=true \
    Logging__Console__FormatterOptions__TimestampFormat=yyyy-MM-ddTHH:mm:ss.fffZ
# for what is pulled from the farm's store; a volume that is mounted here takes over whose it is
RUN install -d -o 1654 -g 1654 /cache
ENV Worker__Cache=/cache Worker__AliveFile=/tmp/alive
# it has no port; its heartbeat writes the file every few seconds, also while the broker is away
HEALTHCHECK --interval=20s --timeout=5s --start-period=60s --retries=3 CMD ["bash", "-c", "find /tmp/alive -mmin -1 | grep -q ."]
WORKDIR /app
USER 1654
ENTRYPOINT ["/usr/share/dotnet/dotnet", "Worker.dll"]
