using System.Text.RegularExpressions;
using HyperBdr.Contracts.Errors;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>What the user enters for a pool.</summary>
public sealed record PoolForm(string? Name, PoolKind? Kind, FolderForm? Folder, S3Form? S3, GatewayForm? Gateway)
{
    /// <summary>Stands for the secret in answers; sent back, it keeps the stored one.</summary>
    public const string HiddenSecret = "******";
}

/// <param name="Path">Absolute inside an allowed root, or relative to the first root.</param>
public sealed record FolderForm(string? Path);

/// <param name="Endpoint"><c>host</c> or <c>host:port</c>.</param>
public sealed record S3Form(string? Endpoint, string? Region, string? Bucket, string? AccessKey, string? SecretKey, bool? UseTls, BucketLookup? Lookup);

/// <param name="MachineId">The cloud sync gateway that keeps the pool.</param>
public sealed record GatewayForm(Guid? MachineId);

/// <summary>A form that keeps all rules.</summary>
/// <param name="Secret">Null when the stored one is kept.</param>
internal sealed record CheckedForm(string Name, PoolKind Kind, string? FolderPath, S3Settings? S3, string? Secret, Guid? GatewayId);

/// <summary>The rules of the form; every broken one is named with its field.</summary>
internal sealed partial class PoolRules(FolderRoots roots)
{
    /// <param name="stored">The pool that is changed; null for a new one.</param>
    public Result<CheckedForm> Check(PoolForm form, Pool? stored)
    {
        var faults = new Dictionary<string, string[]>(StringComparer.Ordinal);
        void Need(bool holds, string field, string message)
        {
            if (!holds) faults.TryAdd(field, [message]);
        }

        var name = form.Name?.Trim() ?? "";
        Need(name.Length is >= 2 and <= 64 && !name.Any(char.IsControl), "name", "Enter a name of 2 to 64 characters.");
        Need(form.Kind is not null, "kind", "Enter s3, folder or gateway.");
        Need(stored is null || form.Kind is null || form.Kind == stored.Kind, "kind", "The kind of a storage pool cannot be changed; add another one.");
        string? folder = null;
        S3Settings? s3 = null;
        if (form.Kind == PoolKind.Folder)
        {
            Need(form.S3 is null, "s3", "A folder has no S3 settings.");
            var path = form.Folder?.Path;
            Need(!string.IsNullOrWhiteSpace(path), "folder.path", "Enter the folder's path.");
            if (!string.IsNullOrWhiteSpace(path))
            {
                var canonical = roots.Canonical(path);
                if (canonical.IsError) Need(false, "folder.path", canonical.Error.Fields!["folder.path"][0]);
                else folder = canonical.Value;
            }
        }
        else if (form.Kind == PoolKind.S3)
        {
            Need(form.Folder is null, "folder", "An S3 storage pool has no folder.");
            s3 = CheckS3(form.S3 ?? new S3Form(null, null, null, null, null, null, null), stored, Need);
        }

        else if (form.Kind == PoolKind.Gateway)
        {
            Need(form.Folder is null, "folder", "A storage pool on a sync gateway has no folder.");
            Need(form.S3 is null, "s3", "A storage pool on a sync gateway has no S3 settings of its own.");
            Need(form.Gateway?.MachineId is not null, "gateway.machine_id", "Choose a cloud sync gateway.");
            Need(stored is null || form.Gateway?.MachineId == stored.GatewayId, "gateway.machine_id", "The sync gateway of a storage pool cannot be changed; add another one.");
        }

        if (faults.Count > 0) return CommonErrors.Validation with { Fields = faults };
        var secret = form.S3?.SecretKey;
        return new CheckedForm(name, form.Kind!.Value, folder, s3, secret == PoolForm.HiddenSecret ? null : secret, form.Gateway?.MachineId);
    }

    private static S3Settings CheckS3(S3Form form, Pool? stored, Action<bool, string, string> need)
    {
        var endpoint = form.Endpoint?.Trim() ?? "";
        need(IsEndpoint(endpoint), "s3.endpoint", "Enter host or host:port, without https:// and without a path.");
        need(Region().IsMatch(form.Region ?? ""), "s3.region", "Enter the region, e.g. us-east-1 (letters, digits, - and _, 64 at most).");
        need(Bucket().IsMatch(form.Bucket ?? ""), "s3.bucket", "Enter the bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens.");
        need(form.AccessKey is { Length: >= 1 and <= 128 } key && key.All(c => c is > ' ' and <= '~'), "s3.access_key", "Enter the access key id (128 characters at most, no spaces).");
        need(form.SecretKey is { Length: >= 1 and <= 256 } secret && !secret.Any(char.IsControl), "s3.secret_key", "Enter the secret key (256 characters at most).");
        need(form.SecretKey != PoolForm.HiddenSecret || stored?.SealedSecret is not null, "s3.secret_key", "Enter the secret key; there is no stored one.");
        return new S3Settings(endpoint, form.Region ?? "", form.Bucket ?? "", form.AccessKey ?? "", form.UseTls ?? true, form.Lookup ?? BucketLookup.Dns);
    }

    private static bool IsEndpoint(string text)
    {
        if (text.Length > 260 || !Endpoint().IsMatch(text)) return false;
        // The part after the last colon that is not inside an IPv6 address.
        var port = text[(text.LastIndexOf(']') + 1)..];
        var colon = port.LastIndexOf(':');
        if (colon >= 0 && port[(colon + 1)..] is var digits && !(int.TryParse(digits, out var number) && number is >= 1 and <= 65535)) return false;
        return Uri.TryCreate($"https://{text}", UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0;
    }

    [GeneratedRegex(@"^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Endpoint();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Region();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bucket();
}
