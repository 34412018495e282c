namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Collects free runs of a file system's blocks, joins those that touch, and drops the short ones: a hole below
/// 64 KiB costs more requests and memory than the bytes that it spares.</summary>
internal sealed class FreeRuns(long volumeOffset, int blockSize)
{
    private const long ShortestKept = 64 << 10;
    private readonly RangeSet.Builder _kept = new();
    private long _first = -1;
    private long _end;

    /// <summary>Runs come in ascending order.</summary>
    public void Add(long first, long count)
    {
        if (first == _end && _first >= 0)
        {
            _end += count;
            return;
        }

        Close();
        (_first, _end) = (first, first + count);
    }

    public RangeSet Build()
    {
        Close();
        return _kept.Build();
    }

    private void Close()
    {
        var length = (_end - _first) * blockSize;
        if (_first >= 0 && length >= ShortestKept) _kept.AddWhole(new ByteRange(volumeOffset + (_first * blockSize), length));
        _first = -1;
    }
}
