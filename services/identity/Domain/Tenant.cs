namespace HyperBdr.Identity.Domain;

/// <summary>A customer of the installation: its users see its data and nobody else's.</summary>
public sealed class Tenant
{
    public static readonly IReadOnlyList<string> Scenes = ["all", "dr", "migration"];

    public required Guid Id { get; init; }

    public required string Name { get; set; }

    /// <summary>Lower-case name: unique whatever the case.</summary>
    public required string NameKey { get; set; }

    /// <summary>One of <see cref="Scenes"/>.</summary>
    public required string Scene { get; init; }

    public bool Enabled { get; set; } = true;

    /// <summary>Counts changes that took an administrator away; its row version lets only one of two such changes through.</summary>
    public int AdministratorChanges { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public uint Version { get; private set; }

    public static string KeyOf(string name) => name.Trim().ToLowerInvariant();
}
