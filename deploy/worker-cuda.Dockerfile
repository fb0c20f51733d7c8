# A worker for NVIDIA's GPUs, on the libtorch and the CUDA libraries of PyTorch's wheels; the host brings its driver alone.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS sdk
FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble AS dotnet

FROM debian:12.11-slim AS torch
# another one: --build-arg TORCH=2.9.1 --build-arg CUDA=cu128; pictures may differ in their last bits, and their manifests say so
ARG TORCH=2.6.0
ARG CUDA=cu126
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-pip && rm -rf /var/lib/apt/lists/*
# Triton compiles kernels for Python, half a GB of it
RUN pip3 install --no-cache-dir --target /opt/pytorch "torch==$TORCH" --index-url "https://download.pytorch.org/whl/$CUDA" && rm -rf /opt/pytorch/triton*

FROM debian:12.11-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends binutils ca-certificates cmake g++ make && rm -rf /var/lib/apt/lists/*
COPY --from=sdk /usr/share/dotnet /usr/share/dotnet
COPY --from=torch /opt/pytorch /opt/pytorch
WORKDIR /farm
COPY . .
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
RUN LIBTORCH=/opt/pytorch/torch /usr/share/dotnet/dotnet publish src/Worker -c Release -p:Torch=system -o /app

FROM debian:12.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libgomp1 libssl3 libstdc++6 && rm -rf /var/lib/apt/lists/*
# where they were built against: the binding and libtorch find their libraries by these paths
COPY --from=torch /opt/pytorch /opt/pytorch
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
COPY --from=build /app /app
# as in worker.Dockerfile; utility is NVML, by which a worker reads how much memory its GPU has
ENV GOMP_SPINCOUNT=10000 MALLOC_ARENA_MAX=1 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
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
