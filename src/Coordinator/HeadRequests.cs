namespace StableDiffusion.Coordinator;

/// <summary>What can be got can be asked for with HEAD: caches and download managers look before they fetch. The server leaves out the body.</summary>
internal static class HeadRequests
{
    /// <summary>The endpoints that are mapped on it answer HEAD where they answer GET.</summary>
    public static IEndpointRouteBuilder WithHead(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
            {
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
            }
        });
        return group;
    }
}
