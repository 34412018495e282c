"""peers.py DIR ROUNDS [HBDR]: runs every chosen case with every chosen tool, interleaved, and reports. See README.md."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time

import measure
import report
from tools import all_tools

MIB = 1024 * 1024

# case: (state it begins from, image, host, change map)
BACKUPS = {
    "full": ("empty", "debian.img", "backup-one", None),
    "no-change": ("base", "debian.img", "backup-one", None),
    "day": ("base", "day.img", "backup-one", None),
    "day-map": ("base", "day.img", "backup-one", "day.changed"),
    "clone": ("base", "clone.img", "backup-two", None),
    "second": ("base", "second.img", "mail-one", None),
    "database": ("db", "db1.img", "database", None),
    "database-map": ("db", "db1.img", "database", "db.changed"),
}
READS = ("restore", "verify-full", "verify-tags")
STATES = {"empty": None, "base": ("debian.img", "backup-one"), "db": ("db0.img", "database")}


class Bench:
    def __init__(self, folder, program):
        self.folder = os.path.abspath(folder)
        self.work = os.path.join(self.folder, "peers")
        self.log = os.path.join(self.work, "log")
        self.out = os.path.join(self.work, "out")
        self.hashes = {}
        os.makedirs(self.work, exist_ok=True)
        self.tools = [tool for tool in all_tools(self.work, program) if chosen("TOOLS", tool.name)]
        self.cases = [case for case in (*BACKUPS, *READS) if chosen("CASES", case)]

    def image(self, name):
        return os.path.join(self.folder, name)

    def state(self, tool, name):
        return os.path.join(os.path.dirname(tool.run), name)

    def prepare(self, tool):
        """Makes the repositories that the cases begin from: empty, with debian.img, with db0.img."""
        shutil.rmtree(os.path.dirname(tool.run), ignore_errors=True)
        needed = {BACKUPS[case][0] if case in BACKUPS else "base" for case in self.cases}
        for name in [state for state in STATES if state == "empty" or state in needed]:
            if STATES[name] is None:
                os.makedirs(tool.cache)
                measure.run(tool.init(), tool.env, self.work, self.log)
            else:
                self.begin(tool, "empty")
                image, host = STATES[name]
                measure.run(tool.backup(self.image(image), host), tool.env, self.work, self.log)
            shutil.copytree(tool.run, self.state(tool, name), symlinks=True)

    def begin(self, tool, state):
        """Puts a tool's repository and caches back as they were in a state. cp keeps times, which borg's cache looks at."""
        shutil.rmtree(tool.run, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", self.state(tool, state), tool.run], check=True)

    def timed(self, tool, command, folder):
        os.sync()
        return measure.run(command, tool.env, folder, self.log)

    def case(self, tool, case):
        """One run of a case, or None where the tool has no such case."""
        if case in BACKUPS:
            return self.backup(tool, case)
        self.begin(tool, "base")
        if case == "restore":
            return self.restore(tool, self.image("debian.img"))
        command = tool.verify_full() if case == "verify-full" else tool.verify_tags()
        return self.timed(tool, command, self.work) if command else None

    def backup(self, tool, case):
        state, name, host, changed = BACKUPS[case]
        if changed and tool.name != "hbdr":
            return None
        image = self.image(name)
        self.begin(tool, state)
        before = measure.held_bytes(tool.repo)
        measure.warm(image)
        result = self.timed(tool, tool.backup(image, host, self.image(changed) if changed else None), self.work)
        result["stored_mib"] = (measure.held_bytes(tool.repo) - before) / MIB
        if os.environ.get("RESTORE_ALL"):
            self.restore(tool, image)
        return result

    def restore(self, tool, image):
        """Restores the newest point and compares it with its source, outside of the time."""
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        result = self.timed(tool, tool.restore(image, self.out), self.out)
        if image not in self.hashes:
            self.hashes[image] = measure.sha256(image)
        if measure.sha256(tool.restored(image, self.out)) != self.hashes[image]:
            sys.exit(f"{tool.name} restored {image} with other content")
        shutil.rmtree(self.out)
        return result

    def run(self, rounds):
        """All runs: {case: {tool: [run, …]}}. The order of the tools turns with the round, so that none is always first."""
        runs = {case: {tool.name: [] for tool in self.tools} for case in self.cases}
        for tool in self.tools:
            print(f"{time.strftime('%T')}  preparing {tool.name}", file=sys.stderr)
            self.prepare(tool)
        for number in range(rounds):
            turn = number % len(self.tools)
            for case in self.cases:
                print(f"{time.strftime('%T')}  round {number + 1}: {case}", file=sys.stderr)
                for tool in self.tools[turn:] + self.tools[:turn]:
                    result = self.case(tool, case)
                    if result:
                        runs[case][tool.name].append(result)
        return runs


def chosen(variable, name):
    """Whether an environment variable's list of words, where it is set, has the name; 'borg' means both of borg's."""
    words = os.environ.get(variable, "").split()
    return not words or name in words or name.split("-")[0] == "borg" and "borg" in words


def main():
    folder, rounds, program = sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None
    bench = Bench(folder, program)
    if not bench.tools or not bench.cases:
        sys.exit("TOOLS or CASES leaves nothing to run")
    runs = bench.run(rounds)
    summary = {case: {tool: report.medians(taken) for tool, taken in tools.items() if taken} for case, tools in runs.items()}
    summary = {case: tools for case, tools in summary.items() if tools}
    document = {"rounds": rounds, "cores": os.cpu_count(), "kernel": platform.release(),
                "versions": {tool.name: tool.version() for tool in bench.tools}, "medians": summary, "runs": runs}
    with open(os.path.join(bench.folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
    print(report.table(summary))
    for tool in bench.tools:
        shutil.rmtree(os.path.dirname(tool.run))


if __name__ == "__main__":
    main()
