"""changes.py OLD NEW: prints the ranges of NEW that differ from OLD, one 'offset length' a line, in bytes, 4 KiB-aligned."""

import sys

BLOCK = 4096
STRETCH = 1024 * 1024


def differing_blocks(old, new):
    """Yields the offset of every block that differs; equal stretches cost one comparison."""
    offset = 0
    while True:
        left, right = old.read(STRETCH), new.read(STRETCH)
        if len(left) != len(right) or len(right) % BLOCK:
            raise SystemExit("the two images differ in length, or are not whole blocks")
        if not right:
            return
        if left != right:
            for at in range(0, len(right), BLOCK):
                if left[at:at + BLOCK] != right[at:at + BLOCK]:
                    yield offset + at
        offset += len(right)


def merged(offsets):
    """Joins neighbouring blocks into ranges."""
    start = end = None
    for offset in offsets:
        if offset != end:
            if start is not None:
                yield start, end - start
            start = offset
        end = offset + BLOCK
    if start is not None:
        yield start, end - start


with open(sys.argv[1], "rb", buffering=0) as before, open(sys.argv[2], "rb", buffering=0) as after:
    for first, length in merged(differing_blocks(before, after)):
        print(first, length)
