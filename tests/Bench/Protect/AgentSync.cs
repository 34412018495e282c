using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Google.Protobuf;
using HyperBdr.Agents.Tests;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Bench.Protect;

/// <summary>Full and incremental sync of a 4 GiB device by the native agent to the native s3block over TLS, and the same by restic, in turns.</summary>
internal sealed class AgentSync : IDisposable
{
    private const double Changed = 0.03;
    private const string Host = "bench";
    private readonly string root = Root();
    private readonly string folder;
    private readonly string dataSets;
    private readonly TestAuthority authority = new();
    private readonly RawKey key = RawKey.Create();
    private readonly List<Run> runs = [];

    private AgentSync(string dataSets)
    {
        this.dataSets = dataSets;
        folder = Directory.CreateDirectory(Path.Combine(dataSets, $"sync-{Guid.CreateVersion7():n}")).FullName;
    }

    /// <param name="dataSets">As <c>engine/datasets.sh</c> makes them.</param>
    public static async Task PrintAsync(string dataSets, int rounds)
    {
        using var bench = new AgentSync(dataSets);
        await bench.RunAsync(rounds);
    }

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task RunAsync(int rounds)
    {
        using var server = await S3BlockProcess.StartAsync(root, Path.Combine(folder, "s3block"), authority);
        await File.WriteAllTextAsync(Path.Combine(folder, "authority.pem"), authority.Pem);
        using (var disk = new BenchDisk(Path.Combine(dataSets, "debian.img"), folder))
        {
            for (var round = 0; round < rounds; round++) await RoundAsync(server, disk, round, verify: round == rounds - 1);
        }

        await SmallAsync(server);
        Print();
    }

    private async Task RoundAsync(S3BlockProcess server, BenchDisk disk, int round, bool verify)
    {
        var access = await BucketAsync(server, $"agent-{round}");
        await BucketAsync(server, $"restic-{round}");
        var restic = new Restic(server.Endpoint, $"restic-{round}", Path.Combine(folder, "authority.pem"), Path.Combine(folder, $"restic-cache-{round}"));
        restic.Init();
        await using var agent = await AgentProcess.StartAsync(root, Path.Combine(folder, $"agent-{round}"), disk.Device, authority);
        var point = "";
        async Task<double> SyncAsync()
        {
            var began = agent.CpuSeconds();
            point = (await agent.SyncAsync(Secret(access, point))).PointId;
            return agent.CpuSeconds() - began;
        }

        Task<double> BackupAsync() => Task.Run(() => restic.Backup(disk.Device));
        disk.Warm();
        await BothAsync(server, "full", round % 2 == 0, SyncAsync, BackupAsync, 0);
        var (blocks, compressed) = disk.Change(Changed, seed: round);
        Console.WriteLine($"changed {blocks} blocks, {compressed / 1048576.0:f1} MiB when each is compressed for itself");
        disk.Warm();
        await BothAsync(server, "3 % changed", round % 2 == 0, SyncAsync, BackupAsync, compressed);
        Console.WriteLine($"peak resident memory: agent {Processes.PeakMebibytes(agent.ProcessId):f0} MiB, restic {restic.PeakMebibytes:f0}, s3block {Processes.PeakMebibytes(server.ProcessId):f0}");
        if (verify) await VerifyAsync(access, point, disk.Device);
    }

    private async Task BothAsync(S3BlockProcess server, string what, bool agentFirst, Func<Task<double>> sync, Func<Task<double>> backup, long compressed)
    {
        foreach (var agent in (bool[])[agentFirst, !agentFirst])
        {
            Processes.Run("sync");
            var (cpu, machine, received, began) = (server.CpuSeconds(), Processes.MachineSeconds(), await server.ReceivedAsync(), Stopwatch.GetTimestamp());
            var client = await (agent ? sync : backup)();
            var run = new Run(what, agent ? "agent" : "restic", Stopwatch.GetElapsedTime(began).TotalSeconds, client, server.CpuSeconds() - cpu, Processes.MachineSeconds() - machine, await server.ReceivedAsync() - received, compressed);
            runs.Add(run);
            Console.WriteLine(run);
        }
    }

    /// <summary>How much memory a disk of a quarter takes.</summary>
    private async Task SmallAsync(S3BlockProcess server)
    {
        var device = Processes.Run("losetup", "-r", "-f", "--show", Path.Combine(dataSets, "db0.img")).Trim();
        try
        {
            var access = await BucketAsync(server, "small");
            await using var agent = await AgentProcess.StartAsync(root, Path.Combine(folder, "agent-small"), device, authority);
            await agent.SyncAsync(Secret(access, ""));
            Console.WriteLine($"peak resident memory of the agent with a disk of 1 GiB: {Processes.PeakMebibytes(agent.ProcessId):f0} MiB");
        }
        finally
        {
            Processes.Run("losetup", "-d", device);
        }
    }

    private async Task<StoreAccess> BucketAsync(S3BlockProcess server, string bucket)
    {
        var access = new StoreAccess
        {
            Kind = "s3", Endpoint = server.Endpoint.AbsoluteUri, Region = "us-east-1", Bucket = bucket, Prefix = "repository/", UseTls = true, Lookup = "path",
            AccessKey = S3BlockProcess.AccessKey, SecretKey = S3BlockProcess.SecretKey, Authority = ByteString.CopyFrom(authority.Root.RawData),
        };
        using var transport = Transport();
        using (var s3 = new AmazonS3Client(new BasicAWSCredentials(S3BlockProcess.AccessKey, S3BlockProcess.SecretKey), new AmazonS3Config { ServiceURL = server.Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1", HttpClientFactory = new Given(transport) })) await s3.PutBucketAsync(bucket);
        if (bucket.StartsWith("restic", StringComparison.Ordinal)) return access;
        await using var store = StoreOf(access, transport);
        await Repository.InitAsync(store, Guid.CreateVersion7(), [(key, Host)], ChunkingConstants.Default, CancellationToken.None);
        return access;
    }

    private async Task VerifyAsync(StoreAccess access, string pointId, string device)
    {
        using var transport = Transport();
        await using var repository = await Repository.OpenAsync(StoreOf(access, transport), key, Path.Combine(folder, $"verify-{access.Bucket}"), TimeProvider.System, CancellationToken.None);
        var point = (await repository.ListPointsAsync(CancellationToken.None)).Single(p => p.Id.ToString() == pointId);
        var session = await repository.BeginReadAsync(CancellationToken.None);
        using var restored = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var original = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var source = session.OpenDisk(PointId.TryParse(pointId)!.Value, point.Point!.Disks.Single());
        using var file = File.OpenHandle(device);
        var (one, other) = (new byte[4 << 20], new byte[4 << 20]);
        for (long offset = 0; offset < source.Length!.Value; offset += one.Length)
        {
            var got = await source.ReadAsync(offset, one, CancellationToken.None);
            restored.AppendData(one.AsSpan(0, got));
            original.AppendData(other.AsSpan(0, RandomAccess.Read(file, other.AsSpan(0, got), offset)));
        }

        var same = restored.GetHashAndReset().AsSpan().SequenceEqual(original.GetHashAndReset());
        Console.WriteLine(same ? "the last point restores to the device's SHA-256" : "THE LAST POINT IS NOT WHAT THE DEVICE HOLDS");
        if (!same) throw new InvalidOperationException("A point is wrong: its numbers mean nothing.");
    }

    private SessionSecret Secret(StoreAccess access, string parent) => new() { SessionId = $"{access.Bucket}-{(parent.Length == 0 ? "full" : "next")}", HostName = Host, ParentPointId = parent, RepositoryKey = KeyText.Format(key), Store = access };

    private SocketsHttpHandler Transport()
    {
        var policy = new System.Security.Cryptography.X509Certificates.X509ChainPolicy { TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust, RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Root);
        return new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } };
    }

    private static S3Store StoreOf(StoreAccess access, SocketsHttpHandler transport) => new(new S3Options { Endpoint = new Uri(access.Endpoint), Region = access.Region, Bucket = access.Bucket, Prefix = access.Prefix, AccessKey = access.AccessKey, SecretKey = access.SecretKey }, transport);

    private void Print()
    {
        Console.WriteLine("\nmedians: CPU s (client + server), wall s");
        foreach (var what in runs.Select(r => r.What).Distinct())
        {
            var (agent, restic) = (runs.Where(r => r.What == what && r.Who == "agent").ToList(), runs.Where(r => r.What == what && r.Who == "restic").ToList());
            Console.WriteLine($"{what}: agent {Median(agent, r => r.Client + r.Server):f2}, {Median(agent, r => r.Wall):f2}; restic {Median(restic, r => r.Client + r.Server):f2}, {Median(restic, r => r.Wall):f2};"
                + $" ratio {Median(agent, r => r.Client + r.Server) / Median(restic, r => r.Client + r.Server):f3}, {Median(agent, r => r.Wall) / Median(restic, r => r.Wall):f3}; sent {Median(agent, r => r.Sent) / 1048576:f1} and {Median(restic, r => r.Sent) / 1048576:f1} MiB");
            if (agent[0].Compressed > 0) Console.WriteLine($"  bytes sent by the agent / compressed changed blocks: {Median(agent, r => (double)r.Sent / r.Compressed):f3}");
        }
    }

    private static double Median(List<Run> of, Func<Run, double> value) => of.Select(value).Order().ElementAt(of.Count / 2);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    private sealed record Run(string What, string Who, double Wall, double Client, double Server, double Machine, long Sent, long Compressed)
    {
        public override string ToString() => $"{What} {Who}: wall {Wall:f2} s, CPU client {Client:f2} + server {Server:f2} = {Client + Server:f2} s (whole machine {Machine:f2}), sent {Sent / 1048576.0:f1} MiB";
    }

    private sealed class Given(HttpMessageHandler transport) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(transport, disposeHandler: false);
    }
}
