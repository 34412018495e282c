using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.S3Block.Storage;

/// <summary>Where everything lies below the data folder. See <c>docs/formats/s3block.md</c>.</summary>
internal sealed class Layout(string root)
{
    public const string NullMark = "-null";

    public string Root { get; } = Path.GetFullPath(root);

    public string Drafts => Path.Combine(Root, "tmp");

    public string Trash => Path.Combine(Root, "trash");

    public string Buckets => Path.Combine(Root, "buckets");

    public string OpenUploads => Path.Combine(Root, "uploads");

    public string AllParts => Path.Combine(Root, "parts");

    public string Bucket(string bucket) => Path.Combine(Buckets, bucket);

    public string Objects(string bucket) => Path.Combine(Buckets, bucket, "objects");

    public string Config(string bucket) => Path.Combine(Buckets, bucket, "bucket.json");

    /// <summary>The newest version of a key.</summary>
    public string Current(string bucket, string key) => OfHash(bucket, Hash(key));

    /// <summary>The older versions of a key.</summary>
    public string History(string bucket, string key) => Current(bucket, key) + ".v";

    public string Version(string bucket, string key, Entry entry) => Path.Combine(History(bucket, key), entry.IsNull ? entry.Id + NullMark : entry.Id);

    public string Amendment(string bucket, string id) => Path.Combine(Buckets, bucket, "amendments", id[^2..], id);

    public string OpenUpload(string bucket, string upload) => Path.Combine(OpenUploads, bucket, upload);

    public string Parts(string upload) => Path.Combine(AllParts, upload[^2..], upload);

    public static string PartName(int number) => $"{number:00000}";

    private string OfHash(string bucket, string hash) => Path.Combine(Objects(bucket), hash[..2], hash);

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
