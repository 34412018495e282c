using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using WriteSession = HyperBdr.Contracts.Storplus.V1.WriteSession;

namespace HyperBdr.Storplus.Tests;

/// <summary>A production host with one disk and the key of its certificate: writes points with nothing but what its session gave it, as an agent does.</summary>
internal sealed class ProductionHost : IDisposable
{
    private readonly ECDiffieHellman key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-machine-").FullName;

    public ProductionHost(string name)
    {
        Name = name;
        Disk = RandomNumberGenerator.GetBytes(2 << 20);
    }

    public string Name { get; }

    public Guid HostId { get; } = Guid.CreateVersion7();

    public byte[] Disk { get; set; }

    public byte[] PublicKey => key.ExportSubjectPublicKeyInfo();

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Changes a few blocks.</summary>
    public void Work() => RandomNumberGenerator.Fill(Disk.AsSpan(RandomNumberGenerator.GetInt32(256) * 4096, 64 * 4096));

    public SessionSecret SecretOf(WriteSession session, Guid task) =>
        SessionSecret.Parser.ParseFrom(SealedToMachine.Open(key, $"session/{task}", session.Sealed.Span));

    public static IBlobStore StoreOf(StoreAccess access)
    {
        if (access.Kind == "folder") return new FolderStore(access.Folder);
        var handler = access.Authority.IsEmpty ? null : Trusting(access.Authority.ToByteArray());
        return new S3Store(
            new S3Options
            {
                Endpoint = new Uri($"{(access.UseTls ? "https" : "http")}://{access.Endpoint}"), Region = access.Region, Bucket = access.Bucket, Prefix = access.Prefix,
                AccessKey = access.AccessKey, SecretKey = access.SecretKey, SessionToken = access.SessionToken.Length == 0 ? null : access.SessionToken, PathStyle = access.Lookup == "path",
            },
            handler);
    }

    public async Task<Repository> OpenAsync(SessionSecret secret)
    {
        using var repositoryKey = KeyText.Parse(secret.RepositoryKey);
        return await Repository.OpenAsync(StoreOf(secret.Store), repositoryKey, Path.Combine(folder, "cache"), TimeProvider.System, default);
    }

    /// <summary>Writes the disk as it is now.</summary>
    /// <returns>The manifest's name.</returns>
    public async Task<string> WriteAsync(SessionSecret secret)
    {
        await using var repository = await OpenAsync(secret);
        var parent = secret.ParentPointId.Length == 0 ? (PointId?)null : PointId.TryParse(secret.ParentPointId);
        await using var session = await repository.BeginWriteAsync(
            new WriteRequest(secret.HostName) { Parent = parent, Consistency = Consistency.FileSystem, Tags = new Dictionary<string, string> { ["session"] = secret.SessionId } }, default);
        var path = Path.Combine(folder, "disk");
        await File.WriteAllBytesAsync(path, Disk);
        await using var source = FileSource.Open(path);
        await session.AddDiskAsync("vda", source, null, default);
        return (await session.CommitAsync(default)).ToString();
    }

    /// <summary>The disk of a point, read with any key that opens the repository.</summary>
    public static async Task<byte[]> RestoreAsync(IBlobStore store, KeySource key, string point)
    {
        var cache = Directory.CreateTempSubdirectory("hyperbdr-restore-").FullName;
        try
        {
            await using var repository = await Repository.OpenAsync(store, key, cache, TimeProvider.System, default);
            var id = PointId.TryParse(point)!.Value;
            var entry = await repository.FindPointAsync(id, default);
            var disk = entry!.Point!.Disks.Single();
            var read = await repository.BeginReadAsync(default);
            await using var source = read.OpenDisk(id, disk);
            var content = new byte[disk.Length];
            for (var at = 0; at < content.Length; at += 1 << 20) await source.ReadAsync(at, content.AsMemory(at, Math.Min(1 << 20, content.Length - at)), default);
            return content;
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }
    }

    private static SocketsHttpHandler Trusting(byte[] authority) => new()
    {
        SslOptions = new()
        {
            RemoteCertificateValidationCallback = (_, given, _, _) =>
            {
                using var chain = new X509Chain();
                using var root = X509CertificateLoader.LoadCertificate(authority);
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(root);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return chain.Build((X509Certificate2)given!);
            },
        },
    };
}
