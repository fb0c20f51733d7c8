# The coordinator: ASP.NET alone, no Torch.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
WORKDIR /farm
COPY . .
RUN dotnet publish src/Coordinator -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble
WORKDIR /app
COPY --from=build /app .
# one line of JSON for each event, with the ids of what it is about
ENV Logging__Console__FormatterName=json \
    Logging__Console__FormatterOptions__IncludeScopes=true \
    Logging__Console__FormatterOptions__UseUtcTimestamp=true \
    Logging__Console__FormatterOptions__TimestampFormat=yyyy-MM-ddTHH:mm:ss.fffZ
# by number: Kubernetes believes no name to be other than root
USER 1654
EXPOSE 8080
# the image has no curl. That the process answers: whether database, broker and store do is for /health to say
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"]
ENTRYPOINT ["dotnet", "Coordinator.dll"]
