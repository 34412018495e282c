namespace HyperBdr.Engine.Blocks;

/// <summary>A source whose length is fixed when it is opened, and which can tell afterwards whether it still holds.</summary>
public interface ILengthVerified
{
    /// <summary>Compares the length now with the length at opening; called once everything is read.</summary>
    /// <exception cref="EngineException"><see cref="Fault.SourceShrank"/> or <see cref="Fault.SourceGrew"/>.</exception>
    ValueTask VerifyLengthAsync(CancellationToken ct);
}
