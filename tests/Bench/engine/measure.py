"""Runs a command and tells what it cost, and what a folder holds."""

import hashlib
import os
import subprocess
import sys
import time

STRETCH = 4 * 1024 * 1024


def run(command, env, folder, log):
    """Runs to the end; a failure stops the benchmark, since a number of a failed run is worse than none.

    CPU seconds and peak memory are the kernel's own (wait4), of the command and the children it waited for.
    """
    with open(log, "ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        begin = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}, see {log}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "user": usage.ru_utime, "sys": usage.ru_stime, "wall": wall,
            "rss_mib": usage.ru_maxrss / 1024}


def held_bytes(folder):
    """The sizes of all files of a folder together."""
    return sum(os.lstat(os.path.join(path, name)).st_size for path, _, names in os.walk(folder) for name in names)


def warm(path):
    """Reads a file, so that it lies in the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(STRETCH):
            pass


def sha256(path):
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
