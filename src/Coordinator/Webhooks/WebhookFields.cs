using System.Net;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Events;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Checks what requests say of webhooks.</summary>
internal static class WebhookFields
{
    private const int LongestUrl = 2000;
    private const int LongestTag = 50;

    public static void CheckUrl(string? url, WebhookOptions options, RequestErrors errors)
    {
        var kinds = options.AllowHttp ? "https or http" : "https";
        if (url is null || url.Length > LongestUrl || url.Any(char.IsControl) || !Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || !(uri.Scheme == Uri.UriSchemeHttps || (options.AllowHttp && uri.Scheme == Uri.UriSchemeHttp)))
        {
            errors.Add("url", $"Give an address that begins with {kinds}://, of at most {LongestUrl} characters on one line{(options.AllowHttp ? "" : " (Webhooks:AllowHttp would allow http)")}.");
        }
        else if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            errors.Add("url", "Leave out user, password and #fragment: deliveries are signed instead.");
        }
        // names are looked up when they are connected to
        else if ((uri.IsLoopback && !options.AllowPrivate) || (IPAddress.TryParse(uri.DnsSafeHost, out var address) && !PublicAddress.IsAllowed(address, options.AllowPrivate)))
        {
            errors.Add("url", $"{uri.DnsSafeHost} is no public address{(options.AllowPrivate ? ", nor one that is allowed" : ": whoever runs the farm could allow private ones by Webhooks:AllowPrivate")}.");
        }
    }

    public static void CheckTypes(IReadOnlyList<string>? types, RequestErrors errors)
    {
        foreach (var (index, type) in (types ?? []).Index())
        {
            if (!EventTypes.All.Contains(type))
            {
                errors.Add($"types[{index}]", $"This is no kind of event: give some of {string.Join(", ", EventTypes.All)}.");
            }
        }
    }

    public static void CheckTag(string? tag, RequestErrors errors)
    {
        if (tag is not null && string.IsNullOrWhiteSpace(tag))
        {
            errors.Add("tag", "The tag is empty: leave it out.");
        }

        Prompts.CheckText("tag", tag ?? "", LongestTag, errors);
    }
}
