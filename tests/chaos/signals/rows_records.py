"""Row 16, poison; and an account whose changed pages are more than one batch can hold."""

from collections import Counter

from shared.kernel.dead_letters import decode_letter
from shared.kernel.topics import DEAD_LETTERS, PAGE_BATCH_BYTES
from tests.chaos.signals.ground import Ground, Row
from tests.oracle.writing import event
from tests.support.signals.company import RAISING_RULE, Company, without_play

__all__ = ["ROWS"]

USERS = 130_000
USER_PAGES = b"u\0"
PACK = 1_000
DEEP = 3_000


async def poison(ground: Ground) -> None:
    """Bad bytes, huge values and a rule that raises: each once in the dead letters, and what follows is folded."""
    company = await ground.company()
    broken = without_play(company.playbook, RAISING_RULE)
    worker = ground.worker()
    await ground.ready(worker, broken="rule")
    for _number in range(5):
        company.further += _bad_lines(company)
        await company.write(900)
    await ground.settle(company, worker)
    assert ground.report.starts == 1, f"bad data ended the worker:\n{worker.tail()}"
    letters = [decode_letter(record.value) for record in await company.records(DEAD_LETTERS.name)]
    twice = [name for name, count in Counter(letter.letter_id for letter in letters).items() if count > 1]
    assert not twice, f"{len(twice)} letters were sent twice although nothing failed"
    assert any(letter.reason == "rule_failed" for letter in letters), "no rule has failed: the row proves nothing"
    ground.checked("letters once")
    await ground.stop(worker)
    async with company.flowing(count=15, pause=0.2):
        for number in range(ground.kills):
            company.further += _bad_lines(company)
            await ground.die(worker, ground.death(number), broken="rule")
    worker.start(broken="rule")
    await ground.finish(company, worker, oracle=True, broken=broken)


def _bad_lines(company: Company) -> list[tuple[str, bytes]]:
    """Return lines that cannot be used, or are as large as may be."""
    name, at = company.names[0], company.clock_ms
    number = company.random.randrange(1 << 40)

    def used(**properties: object) -> bytes:
        return event("usage.recorded", name, at, f"bad{number}", user="u1", properties=properties)

    lines = [
        b"\xff\xfe\x00 no json",
        b"{" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"type":"usage.recorded","id":"x","account_id":"' + name.encode() + b'"}',
        b'{"type":"no.such.type","id":"y","account_id":"a"}',
        b'{"type":"control.tick","at":"soon"}',
        used(metric="api_calls", quantity=10**400).replace(b'"bad', b'"bad-huge'),
        used(metric="api_calls", quantity=-5),
        event("feature.used", name, at, f"wide{number}", user="u1", properties={"feature": "x" * 300_000}),
        event("account.updated", name, at, f"limit{number}", properties={"limits": {"api_calls": 10**18}}),
        event("user.provisioned", name, at, f"long{number}", user="u" * 100_000),
    ]
    return [(name, line) for line in company.random.sample(lines, 4)]


class Crowd(Company):
    """One account with so many users that their pages are more than one batch holds; all of them do something at once.

    Shape: each `write_all` is another round, in which half of them use a feature and half come, or change department.
    """

    rounds = 0

    async def write_all(self) -> None:
        """Append an event of each user."""
        self.names = ["crowd"]
        self.clock_ms += self.step_ms
        async with self._producer(None) as sender:
            for start in range(0, USERS, PACK):
                lines = [self._user_line(number) for number in range(start, start + PACK)]
                await self._append(sender, [("crowd", line) for line in lines])
        self.rounds += 1

    def _user_line(self, number: int) -> bytes:
        self._number += 1
        user = f"{number:06d}-somebody-with-a-long-name@some-department.example.com"
        kind, properties = (
            ("user.provisioned", {"department": ("Sales", "Operations")[(number + self.rounds // 2) % 2]}),
            ("feature.used", {"feature": ("sso", "roles", "integrations")[(number // 7 + self.rounds) % 3]}),
        )[(number + self.rounds) % 2]
        return event(kind, "crowd", self.clock_ms, f"e{self._number}", user=user, properties=properties)


async def crowd(ground: Ground) -> None:
    """Once an account is in the store all its users change, and the worker is killed between the parts of its flush.

    Pages are cut by a hash of their users, so nearly all of them change with any part of a round, whenever that is
    flushed: their size decides how many batches they take. A round is more than may lie unflushed, so it takes two
    flushes or more.
    """
    company = await ground.company(kind=Crowd, partitions=1)
    worker = ground.worker(FLUSH_SECONDS="1")
    await company.write_all()
    await company.write_all()
    await ground.settle(company, worker)
    await ground.stop(worker)
    pages = await company.pages()
    total = sum(len(page) for key, page in pages.items() if key.startswith(USER_PAGES))
    assert total > PAGE_BATCH_BYTES, f"{total} bytes do not need more than one batch"
    for number in range(ground.kills):
        await company.write_all()
        await ground.die(worker, f"changelog:parts:{number % 2 + 1}")
    await ground.finish(company, worker)
    ground.checked(f"{total >> 20} MiB of user pages of one account")


ROWS = (
    Row("16", "bad bytes, huge values, a rule that raises", poison),
    Row("16-MiB", "130,000 users of one account change at once", crowd, 0.1),
)
