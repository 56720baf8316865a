"""`make bench`: measure, print a table, write `.bench/latest.json`. What is missed is marked and fails nothing."""

import asyncio, sys
from tests.bench.e2e import Asked, measure_e2e
from tests.bench.rows import table

sec = float(sys.argv[1])
warm = float(sys.argv[2])
acc = int(sys.argv[3])
rows = asyncio.run(
    measure_e2e(Asked(seconds=sec, warm_up_seconds=warm, rate=500, deciding_rate=4, accounts=acc, command="x"))
)
print(table(rows))
