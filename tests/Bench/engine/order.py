"""order.py LIST [SEED]: prints the lines of a list, in their order or, with a seed, in another that is always the same.

The other order moves a line by up to REACH places only: what depends on each other is installed near each other everywhere.
"""

import random
import sys

REACH = 24

with open(sys.argv[1], encoding="ascii") as lines:
    names = lines.read().split()
if len(sys.argv) > 2:
    rng = random.Random(int(sys.argv[2]))
    places = {name: place + rng.random() * REACH for place, name in enumerate(names)}
    names.sort(key=places.__getitem__)
print("\n".join(names))
