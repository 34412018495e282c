"""host.py ACTION ROOT HOST SEED: what a machine writes beside its packages, into the tree ROOT; the same for a seed.

fresh     identity, logs, home folders, a mailbox and a database of a machine that was just set up
identity  host name, machine id and SSH host keys only, as cloning a virtual machine sets them anew
clone     what a clone grows apart by: logs, mail, database and files of its own; files rewritten elsewhere
day       one day of work: packages upgraded, logs grown and rotated, mail and database changed in place
"""

import base64
import gzip
import os
import random
import shutil
import sys

import database
import text

MIB = 1024 * 1024
NOW = 1720000000
UPGRADED = ("usr/lib/x86_64-linux-gnu/perl-base", "usr/lib/x86_64-linux-gnu/samba", "usr/lib/git-core",
            "usr/lib/python3.11", "usr/lib/systemd", "usr/lib/postgresql", "usr/lib/nginx")
DATABASE_PAGES = 8192


class Host:
    def __init__(self, root, name, seed):
        self.root, self.name, self.rng = root, name, random.Random(seed)

    def at(self, path):
        return os.path.join(self.root, path)

    def write(self, path, data, mode="wb"):
        """Writes or appends a file, with the seed's time, not the clock's."""
        full = self.at(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, mode) as file:
            file.write(data)
        os.utime(full, (NOW, NOW))

    def replace(self, path, data):
        """Writes a file anew beside the old one and renames it over it, as package managers and editors do."""
        full = self.at(path)
        with open(full + ".new", "wb") as file:
            file.write(data)
        shutil.copystat(full, full + ".new")
        os.rename(full + ".new", full)

    def read(self, path):
        with open(self.at(path), "rb") as file:
            return file.read()

    def files(self, under):
        """Every plain file under a folder, in one order on every machine."""
        found = []
        for folder, folders, names in os.walk(self.at(under)):
            folders.sort()
            found += (os.path.relpath(os.path.join(folder, name), self.root) for name in sorted(names))
        return [path for path in found if os.path.isfile(self.at(path)) and not os.path.islink(self.at(path))]

    def prose(self):
        """The English text that came with the packages."""
        pods = [path for path in self.files("usr/share/perl") if path.endswith(".pod")]
        return b"".join(self.read(path) for path in pods)

    def identity(self):
        self.write("etc/hostname", f"{self.name}\n".encode())
        self.write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n".encode())
        self.write("etc/machine-id", f"{self.rng.getrandbits(128):032x}\n".encode())
        for kind, size in (("rsa", 1800), ("ecdsa", 350), ("ed25519", 270)):
            key = base64.encodebytes(self.rng.randbytes(size)).decode()
            self.write(f"etc/ssh/ssh_host_{kind}_key",
                       f"-----BEGIN OPENSSH PRIVATE KEY-----\n{key}-----END OPENSSH PRIVATE KEY-----\n".encode())

    def logs(self):
        self.write("var/log/syslog", text.syslog(self.rng, self.name, NOW, 10 * MIB))
        self.write("var/log/nginx/access.log", text.access(self.rng, NOW, 10 * MIB))
        for week in range(2, 7):
            old = text.syslog(self.rng, self.name, NOW - week * 604800, 4 * MIB)
            self.write(f"var/log/syslog.{week}.gz", gzip.compress(old, 6, mtime=0))

    def journal(self, name):
        """Entries of a binary journal: short texts between fields that do not compress."""
        lines = text.syslog(self.rng, self.name, NOW, 3 * MIB).splitlines()
        entries = b"".join(self.rng.randbytes(24) + len(line).to_bytes(8, "little") + line for line in lines)
        self.write(f"var/log/journal/{name}.journal", b"LPKSHHRH" + entries)

    def home(self, prose):
        self.write("home/anna/mail/archive.mbox", text.mail(self.rng, self.name, prose, 24 * MIB))
        self.write("home/anna/mail/index.db", text.mail(self.rng, self.name, prose, 40 * MIB))
        for number in range(16):
            self.write(f"home/bruno/photos/{number:04}.jpg",
                       b"\xff\xd8\xff\xe0" + self.rng.randbytes(self.rng.randint(500000, 1600000)))
        for number in range(300):
            at = self.rng.randrange(max(1, len(prose) - 90000))
            self.write(f"home/anna/notes/{number % 12:02}/{number:04}.txt", prose[at:at + self.rng.randint(2000, 90000)])

    def own_database(self, seed):
        self.write("var/lib/postgresql/15/main/base/16384/16397", database.pages(seed, 0, DATABASE_PAGES))

    def fresh(self, seed):
        prose = self.prose()
        self.identity()
        self.logs()
        self.journal("system")
        self.home(prose)
        self.own_database(seed)

    def upgrade(self, folder, share):
        """Replaces that share of a folder's files by the build of a later version: alike, but no block the same."""
        for path in self.files(folder):
            if self.rng.random() < share:
                self.replace(path, self.rebuilt(self.read(path)))

    def rebuilt(self, data):
        """A later build: most of every block stays, some bytes of each change, and all shifts a little at the front."""
        result = bytearray(data[:64] + self.rng.randbytes(self.rng.randint(4, 40)) + data[64:])
        for at in range(0, len(result), 2048):
            where = at + self.rng.randrange(2000)
            result[where:where + 12] = self.rng.randbytes(12)
        return bytes(result)

    def change_in_place(self, path, count):
        """Overwrites 4 to 8 KiB at random 4 KiB-aligned places, as a database with a write-ahead log does."""
        prose = self.prose()
        with open(self.at(path), "r+b") as file:
            blocks = os.fstat(file.fileno()).st_size // 4096 - 2
            for _ in range(count):
                length, at = 4096 * self.rng.randint(1, 2), self.rng.randrange(len(prose) - 9000)
                file.seek(4096 * self.rng.randrange(blocks))
                file.write(prose[at:at + length - 64] + self.rng.randbytes(64))

    def change_database(self, share):
        path = self.at("var/lib/postgresql/15/main/base/16384/16397")
        with open(path, "r+b") as file:
            database.change(file, sorted(self.rng.sample(range(DATABASE_PAGES), int(DATABASE_PAGES * share))), self.rng)

    def day(self):
        for folder in UPGRADED:
            self.upgrade(folder, 1.0)
        rotated = self.read("var/log/syslog")
        self.write("var/log/syslog.1.gz", gzip.compress(rotated, 6, mtime=0))
        self.write("var/log/syslog", text.syslog(self.rng, self.name, NOW + 86400, 6 * MIB))
        self.write("var/log/nginx/access.log", text.access(self.rng, NOW + 86400, 6 * MIB), "ab")
        self.journal("user-1000")
        self.change_in_place("home/anna/mail/index.db", 100)
        self.change_database(0.02)
        for number in range(0, 16, 4):
            os.remove(self.at(f"home/bruno/photos/{number:04}.jpg"))
            self.write(f"home/bruno/photos/{number + 100:04}.jpg", b"\xff\xd8\xff\xe0" + self.rng.randbytes(1500000))
        for path in self.files("home/anna/notes")[::10]:
            self.replace(path, self.read(path) + b"\nSeen, and agreed.\n")

    def move_files(self, share):
        """Writes files of /usr anew elsewhere on the disk, without changing them, as restores and upgrades do."""
        for path in self.files("usr"):
            if self.rng.random() < share:
                self.replace(path, self.read(path))

    def clone(self, seed):
        prose = self.prose()
        for path in self.files("var/log"):
            os.remove(self.at(path))
        shutil.rmtree(self.at("home/bruno"))
        self.logs()
        self.journal("system")
        self.own_database(seed)
        self.upgrade("usr/lib/git-core", 1.0)
        self.write("home/carla/mail/archive.mbox", text.mail(self.rng, self.name, prose, 20 * MIB))
        self.move_files(0.25)


def main():
    action, root, name, seed = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    host = Host(root, name, seed)
    if action == "fresh":
        host.fresh(seed)
    elif action == "identity":
        host.identity()
    elif action == "clone":
        host.clone(seed)
    elif action == "day":
        host.day()
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
