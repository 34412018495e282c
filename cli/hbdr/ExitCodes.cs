using HyperBdr.Engine;

namespace HyperBdr.Hbdr;

/// <summary>Exit codes; <c>hbdr --help</c> and docs/runbooks/hbdr.md list them, and scripts rely on them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Usage = 1;
    public const int NotOpened = 2;
    public const int Store = 3;
    public const int StoreFull = 4;
    public const int Damaged = 5;
    public const int Source = 6;
    public const int Target = 7;
    public const int Refused = 8;
    public const int Cache = 9;
    public const int Internal = 70;
    public const int Interrupted = 130;

    public static int Of(Fault fault) => fault switch
    {
        Fault.InvalidArgument or Fault.NotFound or Fault.RepositoryExists => Usage,
        Fault.WrongKey or Fault.NoRepository or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch => NotOpened,
        Fault.StoreUnavailable or Fault.StoreRefused or Fault.StoreFailed or Fault.ClockJumped => Store,
        Fault.StoreFull => StoreFull,
        Fault.Corrupt or Fault.MissingData or Fault.StoreLies or Fault.NameTaken => Damaged,
        Fault.SourceUnreadable or Fault.SourceShrank or Fault.SourceGrew => Source,
        Fault.TargetFailed => Target,
        Fault.Busy or Fault.SessionOutlived or Fault.Protected => Refused,
        Fault.Protocol => Source,
        Fault.CacheFailed => Cache,
        _ => Internal,
    };
}
