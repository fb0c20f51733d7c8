using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Finds out as whom a request comes: by <c>Authorization: Bearer KEY</c>, or, for looking at pages with a browser, by the key as
/// the password of <c>Basic</c>.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    AuthenticationState authentication, ApiKeys keys, FailedKeys failed, CurrentOwner current)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Key";
    public const string ScopeClaim = "scope";
    private const int LongestKey = 200;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult(); // and no question to a database that may be away, whose health is asked for
        }

        if (!authentication.IsOnFor(Context))
        {
            current.BecomeDefault();
            return Success();
        }

        return KeyOf(Request) is { } key ? await AuthenticateAsync(key) : AuthenticateResult.NoResult();
    }

    private async Task<AuthenticateResult> AuthenticateAsync(string key)
    {
        var sha256 = KeyText.Hash(key);
        if (failed.Wait(Context.Connection.RemoteIpAddress, sha256) is { } wait)
        {
            return AuthenticateResult.Fail(new TooManyFailuresException(wait));
        }

        var found = key.Length > LongestKey ? null : await keys.FindAsync(sha256, Context.RequestAborted);
        if (found is null || !keys.IsValid(found.Key))
        {
            failed.Count(Context.Connection.RemoteIpAddress, sha256);
            return AuthenticateResult.Fail(found switch
            {
                null => "There is no such key.",
                { Key.RevokedAt: { } at } => $"The key was revoked on {at:u}.",
                _ => $"The key expired on {found.Key.ExpiresAt:u}.",
            });
        }

        failed.Trust(sha256);
        current.Become(found);
        return Success();
    }

    private AuthenticateResult Success() => AuthenticateResult.Success(new AuthenticationTicket(
        new ClaimsPrincipal(new ClaimsIdentity(current.Scopes.Select(scope => new Claim(ScopeClaim, scope)), SchemeName)), SchemeName));

    private static string? KeyOf(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) || header.Parameter is not { } parameter)
        {
            return null;
        }

        return header.Scheme.ToUpperInvariant() switch
        {
            "BEARER" => parameter,
            // a browser sends it by itself, also when another site makes it ask: good for looking alone
            "BASIC" when HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) => Password(parameter),
            _ => null,
        };
    }

    private static string? Password(string parameter)
    {
        var bytes = new byte[parameter.Length];
        return Convert.TryFromBase64String(parameter, bytes, out var length) && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, var password]
            ? password
            : null;
    }
}
