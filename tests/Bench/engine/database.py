"""Pages of a database file, and database.py DB0 DB1: a 1 GiB file of them, and the same with 3 % of its pages changed.

A page is 8 KiB: a header of 24 bytes (LSN, CRC-32 of what follows it, page number, row count, free space), an array of
row offsets, and the rows from the end of the page downwards, as PostgreSQL lays them out.
"""

import multiprocessing
import random
import struct
import sys
import zlib

PAGE = 8192
HEADER = struct.Struct("<QIIHHI")
FIXED = struct.Struct("<QQIIHH")
TOKEN = 4
STRETCH_PAGES = 4096
FILE_PAGES = 131072
CHANGED_SHARE = 0.03

FIRST = ("Anna Bruno Carla Dmitri Elena Farid Greta Hugo Ines Jonas Katya Liam Maria Nadia Oscar Paula Quentin Rosa Stefan "
         "Tomas Ursula Viktor Wanda Xenia Yusuf Zofia Aisha Bogdan Celine Dario").split()
LAST = ("Almeida Berg Costa Dupont Eriksen Fischer Garcia Huang Ivanov Jensen Kowalski Larsen Moreau Novak Olsen Petrov "
        "Quinn Rossi Schmidt Tanaka Ueda Vogel Weber Xu Yilmaz Zhang Okafor Haddad Lindqvist Marchetti").split()
STREET = "Station Market Church Mill Harbour Garden School Forest Bridge Castle Lake Hill Park River Tower".split()
STATE = "new paid packed shipped delivered returned cancelled refunded".split()
NOTE = ("leave at the door", "call before delivery", "gift wrapping", "invoice to the company", "second floor, left",
        "customer asked for a later date", "part of a larger order", "fragile, keep upright", "", "", "", "")


def row(rng, number):
    """One order: fixed fields, a token that does not compress, and text that does."""
    bits = rng.getrandbits(104)
    first, last = FIRST[bits % 30], LAST[(bits >> 5) % 30]
    text = (f"{first} {last}|{first.lower()}.{last.lower()}{bits >> 10 & 1023}@example.org|{(bits >> 20) % 180} "
            f"{STREET[(bits >> 28) % 15]} Street, {10000 + (bits >> 33) % 900} {STREET[(bits >> 43) % 15]}ville|EUR {(bits >> 90) % 400}.00|{STATE[(bits >> 50) % 8]}|"
            f"{NOTE[(bits >> 54) % 12]}|").encode()
    fixed = FIXED.pack(number, 1700000000000 + number * 350 + (bits >> 60 & 255), bits >> 68 & 0xFFFFF, bits >> 90 & 0x3FFF,
                       len(text), 0)
    return fixed + rng.randbytes(TOKEN) + text


def page(rng, number, lsn, rows_before):
    """A full page and the number of its rows."""
    rows, offsets, end, room = [], [], PAGE, HEADER.size
    while True:
        record = row(rng, rows_before + len(rows))
        if end - len(record) < room + 4:
            break
        end -= len(record)
        room += 4
        rows.append(record)
        offsets.append(struct.pack("<HH", end, len(record)))
    rows.reverse()
    body = bytearray(b"".join(offsets) + bytes(end - room) + b"".join(rows))
    return sealed(number, lsn, len(offsets), end - room, body), len(offsets)


def sealed(number, lsn, rows, free, body):
    """The page of a body: its header carries the checksum."""
    return HEADER.pack(lsn, zlib.crc32(body), number, rows, free, 0) + bytes(body)


def pages(seed, first, count):
    """That many pages, always the same for a seed and a first page."""
    rng = random.Random(seed * 1000003 + first)
    result, rows = [], first * 48
    for number in range(first, first + count):
        made, added = page(rng, number, 0x16B37_0000_0000 + number * 0x2100 + rng.getrandbits(12), rows)
        rows += added
        result.append(made)
    return b"".join(result)


def changed(rng, old, lsn):
    """The page after a transaction: one to four rows updated in place, a new LSN, a new checksum."""
    _, _, number, rows, free, _ = HEADER.unpack_from(old)
    body = bytearray(old[HEADER.size:])
    for _ in range(rng.randint(1, 4)):
        offset, _ = struct.unpack_from("<HH", body, 4 * rng.randrange(rows))
        at = offset - HEADER.size
        struct.pack_into("<I", body, at + 20, rng.getrandbits(14))
        body[at + FIXED.size:at + FIXED.size + TOKEN] = rng.randbytes(TOKEN)
    return sealed(number, lsn, rows, free, body)


def change(file, page_numbers, rng):
    """Updates those pages of an open file in place."""
    for number in page_numbers:
        file.seek(number * PAGE)
        old = file.read(PAGE)
        file.seek(number * PAGE)
        file.write(changed(rng, old, 0x17000_0000_0000 + rng.getrandbits(32)))


def stretch(first):
    return pages(7, first, STRETCH_PAGES)


def main():
    with multiprocessing.Pool() as pool, open(sys.argv[1], "wb") as before, open(sys.argv[2], "wb") as after:
        for part in pool.imap(stretch, range(0, FILE_PAGES, STRETCH_PAGES)):
            before.write(part)
            after.write(part)
    rng = random.Random(8)
    with open(sys.argv[2], "r+b") as after:
        change(after, sorted(rng.sample(range(FILE_PAGES), int(FILE_PAGES * CHANGED_SHARE))), rng)


if __name__ == "__main__":
    main()
