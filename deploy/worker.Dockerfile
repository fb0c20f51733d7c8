# A worker for CPUs, or with --build-arg TORCH=cuda for NVIDIA's GPUs: the package brings CUDA, the host its driver.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TORCH=cpu
WORKDIR /farm
COPY . .
RUN dotnet publish src/Worker -c Release -r linux-x64 --self-contained false -p:Torch=$TORCH -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
# waiting threads spin from one operator to the next and no longer, so that workers can share cores
ENV GOMP_SPINCOUNT=10000
# of malloc's arenas only the first keeps large blocks; in others the kernel zeroes each intermediate tensor's pages anew
ENV MALLOC_ARENA_MAX=1
USER $APP_UID
ENTRYPOINT ["dotnet", "Worker.dll"]
