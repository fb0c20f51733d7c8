FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /farm
COPY . .
RUN dotnet publish src/Coordinator -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
USER $APP_UID
EXPOSE 8080
ENTRYPOINT ["dotnet", "Coordinator.dll"]
