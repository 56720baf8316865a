"""What is kept of who was erased: a digest, salted by the account, in one page."""

from hashlib import blake2b

from services.signals.core.pages import PageDecoder, encode_page
from services.signals.core.state import UserPage
from tests.oracle.adapters import EngineSubject
from tests.oracle.story import Story
from tests.oracle.writing import event
from tests.support.signals.kept import EVERY_RULE, Kept

ADA = "ada.lovelace@acme.example"
DAY = "2026-03-{:02d} {:02d}:00"


def test_digests_are_salted_by_the_account_and_lie_in_one_page_each() -> None:
    """The same person in two accounts leaves different bytes; 400 users later each digest lies in one page."""
    kept = Kept()
    for account in ("acme", "globex"):
        for number in range(20):
            kept.fold(event("user.erased", account, DAY.format(2, 8), f"x{number}", user=f"gone-{number}"))
    kept.fold(*(event("session.started", "acme", DAY.format(3, 8), f"s{n}", user=f"u{n}") for n in range(400)))
    kept.flush()
    digests: dict[str, list[bytes]] = {"acme": [], "globex": []}
    for key, value in kept.store.pages.items():
        if key.startswith(b"u\0"):
            digests[key.split(b"\0")[1].decode()] += PageDecoder(UserPage).decode(value).forgotten
    assert len(digests["acme"]) == len(set(digests["acme"])) == len(digests["globex"]) == 20
    assert not set(digests["acme"]) & set(digests["globex"])
    assert len(kept.engine.state.shelf.accounts["acme"].users) > 1
    kept.restart()
    kept.fold(event("session.started", "acme", DAY.format(2, 7), "late", user="gone-7"))
    assert sum(kept.engine.state.shelf.accounts["acme"].active.cells.values()) == 400


def test_digests_of_pages_of_before_are_salted_when_they_are_loaded() -> None:
    """They lay without salt in the user's page, or after a doubling in all of them."""
    subject = EngineSubject([EVERY_RULE])
    story = Story(subject)
    story.fold(*(story.line(DAY.format(1, 8), "session.started", user=f"u{n}") for n in range(300)))
    subject.flush()
    plain = blake2b(ADA.encode(), digest_size=16).digest()
    moment = (1_772_500_000_000, "app", "gone")
    for key, value in list(subject.store.pages.items()):
        if key.startswith(b"u\0"):
            page = PageDecoder(UserPage).decode(value)
            page.gone[plain] = (moment, moment)
            subject.store.pages[key] = encode_page(page)
    subject.restart()
    story.happens("2026-03-03 00:00", "session.started", user="u1")
    subject.flush()
    pages = [PageDecoder(UserPage).decode(v) for k, v in subject.store.pages.items() if k.startswith(b"u\0")]
    assert len(pages) > 1
    assert not any(page.gone for page in pages)
    assert sum(len(page.forgotten) for page in pages) == 1
    account = subject.engine.state.shelf.accounts["acme"]
    before = sum(account.active.cells.values())
    story.happens("2026-03-02 12:00", "session.started", user=ADA)
    assert sum(account.active.cells.values()) == before
