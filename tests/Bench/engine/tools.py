"""The tools under measurement, each behind the same few commands. A command is a list of arguments, run elsewhere."""

import os
import subprocess


class Tool:
    """A repository at `run/repo` with its caches beside it; the path stays the same, since borg remembers paths."""

    name = ""

    def __init__(self, folder):
        self.run = os.path.join(folder, "run")
        self.repo = os.path.join(self.run, "repo")
        self.cache = os.path.join(self.run, "cache")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.run, "LANG": "C.UTF-8"}

    def init(self):
        raise NotImplementedError

    def backup(self, image, host, changed=None):
        raise NotImplementedError

    def restore(self, image, out):
        """Restores the newest point, of that image, into the folder out."""
        raise NotImplementedError

    def restored(self, image, out):
        return os.path.join(out, os.path.basename(image))

    def verify_full(self):
        raise NotImplementedError

    def verify_tags(self):
        """None where the tool has nothing of the kind."""
        return None

    def version(self):
        return subprocess.run([self.name.split("-")[0], "--version"], capture_output=True, text=True, check=True).stdout.strip()


class Restic(Tool):
    """As it comes: repository format 2, compression auto. --force because a disk has no modification time to trust."""

    name = "restic"

    def __init__(self, folder):
        super().__init__(folder)
        self.env |= {"RESTIC_PASSWORD": "benchmark", "RESTIC_CACHE_DIR": self.cache}

    def command(self, *arguments):
        return ["restic", "-q", "-r", self.repo, *arguments]

    def init(self):
        return self.command("init")

    def backup(self, image, host, changed=None):
        return self.command("backup", "--force", "--host", host, image)

    def restore(self, image, out):
        return self.command("restore", "latest", "--target", out)

    def restored(self, image, out):
        return out + image

    def verify_full(self):
        return self.command("check", "--read-data")

    def version(self):
        return subprocess.run(["restic", "version"], capture_output=True, text=True, check=True).stdout.strip()


class Borg(Tool):
    """repokey-blake2 and zstd,1. Without the files cache, which would skip a file by its modification time."""

    def __init__(self, folder, name, chunker):
        super().__init__(folder)
        self.name, self.chunker = name, chunker
        self.env |= {"BORG_PASSPHRASE": "benchmark", "BORG_BASE_DIR": self.cache, "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}

    def init(self):
        return ["borg", "init", "--encryption", "repokey-blake2", self.repo]

    def backup(self, image, host, changed=None):
        # Only fixed chunks know holes.
        sparse = ["--sparse"] if self.chunker.startswith("fixed") else []
        return ["borg", "create", "--compression", "zstd,1", "--chunker-params", self.chunker, "--files-cache", "disabled",
                *sparse, f"{self.repo}::{host}-{{utcnow:%s.%f}}", image]

    def restore(self, image, out):
        listed = subprocess.run(["borg", "list", "--short", "--last", "1", self.repo], env=self.env, capture_output=True,
                                text=True, check=True)
        strip = str(image.count("/") - 1)
        return ["borg", "extract", "--sparse", "--strip-components", strip, f"{self.repo}::{listed.stdout.strip()}"]

    def verify_full(self):
        return ["borg", "check", "--verify-data", self.repo]

    def verify_tags(self):
        # The CRC-32 of every entry, without a key: the nearest that borg has.
        return ["borg", "check", "--repository-only", self.repo]


class Hbdr(Tool):
    name = "hbdr"

    def __init__(self, folder, program):
        super().__init__(folder)
        self.program = os.path.abspath(program)
        self.env |= {"HBDR_CACHE": self.cache}

    def command(self, verb, *arguments):
        return [self.program, verb, self.repo, "--key-file", os.path.join(self.run, "key"), *arguments]

    def init(self):
        return self.command("init")

    def backup(self, image, host, changed=None):
        return self.command("backup", "--host", host, image, "--parent", "latest", *(["--changed", changed] if changed else []))

    def restore(self, image, out):
        return self.command("restore", "latest", "--disk", "0", "--to", self.restored(image, out))

    def verify_full(self):
        return self.command("verify", "--full")

    def verify_tags(self):
        return self.command("verify", "--tags")

    def version(self):
        return subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def all_tools(folder, program):
    """Every tool, each in a folder of its own; hbdr only where its program is named."""
    tools = [Restic(os.path.join(folder, "restic")),
             Borg(os.path.join(folder, "borg-fixed"), "borg-fixed", "fixed,4194304"),
             Borg(os.path.join(folder, "borg-cdc"), "borg-cdc", "buzhash,19,23,21,4095")]
    return tools + ([Hbdr(os.path.join(folder, "hbdr"), program)] if program else [])
