using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.Agents.Settings;
using HyperBdr.Engine.IO;
using HyperBdr.Watchman.Supervision;

namespace HyperBdr.Watchman.Storage;

/// <summary>A bucket and the key of its owner.</summary>
internal sealed record BucketKey(string Bucket, string AccessKey, string Secret);

/// <summary>Owner keys, one for each bucket that the console asked for. A key is on disk, sealed, before s3block knows it, so that asking again gives the same.</summary>
internal sealed class StorageKeys(GatewayHome home, InstallKey installKey)
{
    private const int MaxLength = 4096;

    public static bool IsBucket(string name) =>
        name.Length is >= 3 and <= 63 && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.') && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]) && !name.Contains("..", StringComparison.Ordinal);

    public BucketKey KeyOf(string bucket)
    {
        var path = Path.Combine(home.StorageKeys, bucket + ".key");
        if (DurableFiles.Read(path, MaxLength) is { } bytes)
        {
            var lines = Encoding.UTF8.GetString(bytes).Split('\n');
            return lines.Length >= 2 && installKey.TryOpen("storage-key", bucket, lines[1]) is { } secret
                ? new BucketKey(bucket, lines[0], secret)
                : throw new IOException($"{path} is damaged or was sealed by another installation: put it back from a backup.");
        }

        var made = new BucketKey(bucket, $"GW{Convert.ToHexString(RandomNumberGenerator.GetBytes(9))}", Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(30)));
        DurableFiles.Write(path, $"{made.AccessKey}\n{installKey.Seal("storage-key", bucket, made.Secret)}\n");
        return made;
    }

    /// <summary>Makes the key known to s3block; a running one takes it at once.</summary>
    /// <exception cref="IOException">s3block refused.</exception>
    public async Task RegisterAsync(BucketKey key, CancellationToken ct)
    {
        var secretFile = Path.Combine(home.Run, $"{Guid.CreateVersion7():n}.secret");
        DurableFiles.Write(secretFile, key.Secret);
        try
        {
            var (code, output) = await Programs.RunAsync(home.Program, ["keys", "add", key.AccessKey, "--home", home.Path, "--bucket", key.Bucket, "--policy", "owner", "--secret-file", secretFile], ct);
            if (code != 0) throw new IOException($"s3block does not take the key of {key.Bucket}: {output}");
        }
        finally
        {
            File.Delete(secretFile);
        }
    }
}
