using System.Globalization;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>Object lock: a bucket's default, retention and legal hold of a version.</summary>
internal sealed class LockCalls(DataFolder data)
{
    private const int MaxDays = 36_500;
    private const int MaxYears = 100;

    /// <summary>Protection that a new object begins with; null for none.</summary>
    public static Amendment? FromHeaders(S3Request request, Bucket bucket, DateTimeOffset now)
    {
        var mode = request.Header("x-amz-object-lock-mode");
        var until = request.Header("x-amz-object-lock-retain-until-date");
        var hold = request.Header("x-amz-object-lock-legal-hold");
        if (mode is null && until is null && hold is null) return Default(bucket.Config, now);
        // Somebody who may not delete may not make undeletable either.
        request.Demand(StorageAct.Change);
        DemandLock(bucket);
        if (mode is null != until is null) throw S3Refusal.Invalid("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied");
        var extra = mode is null ? Default(bucket.Config, now) ?? new Amendment() : Retention(mode, until!, now);
        return extra with { LegalHold = hold is not null && IsOn(hold) };
    }

    public async Task OfBucketAsync(S3Request request, Bucket bucket)
    {
        if (request.Method == "GET")
        {
            request.Demand(StorageAct.Look);
            var config = bucket.Config;
            if (!config.LockEnabled) throw new S3Refusal(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket");
            await Xml.AnswerAsync(request.Http, Xml.Element("ObjectLockConfiguration", Xml.Element("ObjectLockEnabled", "Enabled"),
                config.DefaultMode is { } mode ? Xml.Element("Rule", Xml.Element("DefaultRetention", Xml.Element("Mode", mode), config.DefaultDays > 0 ? Xml.Element("Days", config.DefaultDays) : Xml.Element("Years", config.DefaultYears))) : null));
            return;
        }

        request.Demand(StorageAct.Configure);
        var document = await Xml.ReadAsync(request);
        if (document.Text("ObjectLockEnabled") is { } enabled && enabled != "Enabled") throw S3Refusal.MalformedXml();
        if (bucket.Config.Versioning != Versioning.Enabled) throw new S3Refusal(409, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
        var retention = document.One("Rule")?.One("DefaultRetention");
        LockMode? rule = retention is null ? null : ModeOf(retention.Text("Mode") ?? throw S3Refusal.MalformedXml());
        var (days, years) = (Count(retention?.Text("Days"), MaxDays), Count(retention?.Text("Years"), MaxYears));
        if (retention is not null && (days > 0) == (years > 0)) throw S3Refusal.MalformedXml();
        await data.ConfigureAsync(bucket, c => c with { LockEnabled = true, DefaultMode = rule, DefaultDays = days, DefaultYears = years }, request.Aborted);
    }

    public async Task RetentionAsync(S3Request request, Bucket bucket)
    {
        DemandLock(bucket);
        if (request.Method == "GET")
        {
            var extra = Find(request, bucket).Extra;
            if (extra?.Mode is not { } mode || extra.RetainUntil is not { } until) throw NoLock();
            await Xml.AnswerAsync(request.Http, Xml.Element("Retention", Xml.Element("Mode", mode), Xml.Element("RetainUntilDate", Xml.Time(DateTimeOffset.FromUnixTimeMilliseconds(until)))));
            return;
        }

        request.Demand(StorageAct.Change);
        var document = await Xml.ReadAsync(request);
        var now = data.Objects.Time.GetUtcNow();
        var wanted = document.Text("Mode") is { } m && document.Text("RetainUntilDate") is { } date ? Retention(m, date, now) : document.HasElements ? throw S3Refusal.MalformedXml() : new Amendment();
        var bypass = request.Header("x-amz-bypass-governance-retention")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        await AmendAsync(request, bucket, extra =>
        {
            var weakens = wanted.RetainUntil is null || wanted.RetainUntil < extra.RetainUntil || (extra.Mode == LockMode.COMPLIANCE && wanted.Mode != LockMode.COMPLIANCE);
            if (weakens && (extra with { LegalHold = false }).Protects(now, bypass)) throw S3Refusal.AccessDenied("Access Denied because object protected by object lock.");
            return extra with { Mode = wanted.Mode, RetainUntil = wanted.RetainUntil };
        });
    }

    public async Task LegalHoldAsync(S3Request request, Bucket bucket)
    {
        DemandLock(bucket);
        if (request.Method == "GET")
        {
            var extra = Find(request, bucket).Extra;
            await Xml.AnswerAsync(request.Http, Xml.Element("LegalHold", Xml.Element("Status", extra?.LegalHold == true ? "ON" : "OFF")));
            return;
        }

        request.Demand(StorageAct.Change);
        var status = IsOn((await Xml.ReadAsync(request)).Text("Status") ?? throw S3Refusal.MalformedXml());
        await AmendAsync(request, bucket, extra => extra with { LegalHold = status });
    }

    private Entry Find(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Read);
        using var stored = data.Objects.Open(bucket, request.Key, request.VersionId);
        return PutCalls.Readable(stored, request.VersionId);
    }

    private async Task AmendAsync(S3Request request, Bucket bucket, Func<Amendment, Amendment> change)
    {
        var entry = await data.Objects.AmendAsync(bucket, request.Key, request.VersionId, e => e.Marker ? throw new S3Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.") : change(e.Extra ?? new Amendment()), request.Aborted);
        if (entry is null) throw request.VersionId is null ? S3Refusal.NoSuchKey() : S3Refusal.NoSuchVersion();
    }

    private static Amendment? Default(BucketConfig config, DateTimeOffset now)
    {
        if (config.DefaultMode is not { } mode) return null;
        var until = config.DefaultDays > 0 ? now.AddDays(config.DefaultDays) : now.AddYears(config.DefaultYears);
        return new Amendment { Mode = mode, RetainUntil = until.ToUnixTimeMilliseconds() };
    }

    private static Amendment Retention(string mode, string until, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParse(until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)) throw S3Refusal.Invalid("The retain until date must be provided in ISO 8601 format");
        if (date <= now) throw S3Refusal.Invalid("The retain until date must be in the future!");
        return new Amendment { Mode = ModeOf(mode), RetainUntil = date.ToUnixTimeMilliseconds() };
    }

    private static LockMode ModeOf(string mode) => mode switch
    {
        "GOVERNANCE" => LockMode.GOVERNANCE,
        "COMPLIANCE" => LockMode.COMPLIANCE,
        _ => throw S3Refusal.Invalid("Unknown wormMode directive."),
    };

    private static bool IsOn(string status) => status switch
    {
        "ON" => true,
        "OFF" => false,
        _ => throw S3Refusal.Invalid("Legal Hold must be either of 'ON' or 'OFF'"),
    };

    private static int Count(string? text, int max) => text is null ? 0 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 && count <= max ? count : throw S3Refusal.Invalid("Default retention period must be a positive integer value.");

    private static void DemandLock(Bucket bucket)
    {
        if (!bucket.Config.LockEnabled) throw S3Refusal.BadRequest("Bucket is missing Object Lock Configuration");
    }

    private static S3Refusal NoLock() => new(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration");
}
