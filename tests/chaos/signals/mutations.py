"""Row 23: each protection is undone in a scratch copy of the tree, where the row that watches it must fail.

A mutation is a replacement of exact text; it fails loudly when the text is not there, so that a protection cannot move
away from under its test.
"""

import msgspec

__all__ = ["FAST", "MUTATIONS", "Mutation"]

FLUSH, DELIVERY = "services/signals/flush.py", "services/signals/delivery.py"
STORE, READER = "services/signals/store.py", "services/signals/reader.py"
CORE = "services/signals/core/"
STAGES_LEFT = """    Stage("changelog", deliver_pages),
    Stage("store", write_store),
    Stage("offsets", commit_offsets),
"""


class Mutation(msgspec.Struct, frozen=True):
    """One protection undone. Shape: `edits` are (file, text, replacement); `row` must fail, with so many `kills`."""

    name: str
    row: str
    kills: int
    edits: tuple[tuple[str, str, str], ...]


MUTATIONS = (
    Mutation(
        "offsets are committed before the flush",
        "18b",
        6,
        (
            (
                FLUSH,
                STAGES_LEFT,
                (
                    '    Stage("offsets", commit_offsets),\n    Stage("changelog", deliver_pages),\n'
                    '    Stage("store", write_store),\n'
                ),
            ),
        ),
    ),
    Mutation(
        "pages are in the store before they are in the changelog",
        "2",
        12,
        (
            (
                FLUSH,
                STAGES_LEFT,
                (
                    '    Stage("store", write_store),\n    Stage("changelog", deliver_pages),\n'
                    '    Stage("offsets", commit_offsets),\n'
                ),
            ),
            (
                FLUSH,
                (
                    "        if each.live and each.end is not None:\n"
                    "            each.owned.pages.write((page for group in each.groups for page in group), "
                    "each.end - 1, each.stamp)\n"
                ),
                (
                    "        if each.live and each.groups:\n"
                    "            end = (each.owned.end or 0) + sum(map(len, each.groups))\n"
                    "            each.owned.pages.write((page for group in each.groups for page in group), end - 1, "
                    "stamp_of(each.groups[-1][-1][1]))\n"
                ),
            ),
        ),
    ),
    Mutation(
        "outputs leave after the pages",
        "2",
        12,
        (
            (
                DELIVERY,
                "        for output in outputs:\n            limit = ",
                (
                    "        if not getattr(self, 'open', False):\n"
                    "            self.late = [*getattr(self, 'late', []), (owned, list(outputs))]\n"
                    "            return\n"
                    "        for output in outputs:\n            limit = "
                ),
            ),
            (
                FLUSH,
                "    await flush.commit({each.owned.events: each.position for each in work if each.live})\n",
                (
                    "    await flush.commit({each.owned.events: each.position for each in work if each.live})\n"
                    "    late, flush.delivery.late = getattr(flush.delivery, 'late', []), []\n"
                    "    flush.delivery.open = True\n"
                    "    for owned, outputs in late:\n"
                    "        await flush.delivery.send(owned, outputs)\n"
                    "    flush.delivery.open = False\n"
                ),
            ),
        ),
    ),
    Mutation(
        "offsets need not be contiguous",
        "2-gap",
        15,
        ((READER, "await self.gaps.pass_to(owned, offset, batch.last)", "owned.next = offset"),),
    ),
    Mutation(
        "the later page wins, not the newer",
        "8",
        5,
        ((STORE, "            if stamp < known:", "            if False:"),),
    ),
    Mutation(
        "nobody asks whether a partition is still owned",
        "8",
        20,
        (
            (
                FLUSH,
                "if lost := {each.owned.events for each in work if each.owned.generation != generation}:",
                "if lost := generation * 0:",
            ),
            (FLUSH, "if time.monotonic() - flush.proved_at > flush.proof_seconds:", "if False:"),
            (FLUSH, "        return not self.owned.closed\n", "        return True\n"),
            (FLUSH, "            if owned.closed or owned.engine", "            if owned.engine"),
        ),
    ),
    Mutation(
        "a foreign write to the changelog is not noticed",
        "8",
        10,
        ((FLUSH, "    if expected is not None and offset != expected:", "    if False:"),),
    ),
    Mutation(
        "a refused send is passed over, as an agent acks",
        "17",
        5,
        ((DELIVERY, 'raise DependencyError(f"the broker refused a batch: {error!r}") from error', "return []"),),
    ),
    Mutation(
        "repeated events count",
        "16",
        3,
        (
            (
                CORE + "partition.py",
                "if account.recent.repeated(",
                "if False and account.recent.repeated(",
            ),
        ),
    ),
    Mutation(
        "what a failing rule has changed is not undone",
        "16",
        3,
        (
            (
                CORE + "poison.py",
                "    reload(state, journal, event.account_id, offset, number)\n\n\ndef reload(",
                "    _ = journal\n\n\ndef reload(",
            ),
        ),
    ),
    Mutation(
        "another log is taken for the same",
        "18c",
        10,
        ((CORE + "partition.py", "if known and known[-1] != self.epoch and not adopt:", "if False:"),),
    ),
    Mutation(
        "a changelog without its head is taken for whole",
        "19",
        10,
        ((READER, "if begin > following and not self._settings.accept_lost_records:", "if False:"),),
    ),
    Mutation(
        "ticks follow the wall clock backwards",
        "15",
        9,
        (
            (
                "services/signals/ticker.py",
                "return max(owned.ticked_ms, owned.engine.ticked_at) < minute_ms",
                "return owned.ticked_ms != minute_ms",
            ),
        ),
    ),
    Mutation(
        "pages of a large account travel in one batch",
        "16-MiB",
        10,
        ((CORE + "user_pages.py", "\nMANY = 64\n", "\nMANY = 1 << 30\n"),),
    ),
    Mutation(
        "parts of a large account overwrite its pages",
        "16-MiB",
        10,
        ((CORE + "user_pages.py", "    if head.user_pages >= MANY:\n", "    if head.user_pages >= 1 << 30:\n"),),
    ),
)
FAST = ("offsets are committed before the flush", "offsets need not be contiguous", "another log is taken for the same")
