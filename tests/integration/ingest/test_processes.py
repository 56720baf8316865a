"""Several ingest processes on one port: each takes its share, tells its own figures and may end."""

import asyncio
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ports import free_port
from shared.io.kafka import ensure_topics
from tests.support.broker import Broker
from tests.support.ingest import IngestProcess, read_events

CONNECTIONS = 32
SENDERS, BATCH = 8, 20
PATIENCE = 40.0
ACCEPTED = "upswing_ingest_events_accepted_total"
PLAIN = False  # no TLS here


class Pair:
    """Two processes on one port, with the same keys."""

    def __init__(self, folder: Path, bootstrap: str, prefix: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.first = IngestProcess(folder, bootstrap, prefix, shared_port=self.port)
        self.second = self.further(folder / "2")

    def further(self, folder: Path, **settings: Any) -> IngestProcess:
        """Return one more process for the port, not yet started."""
        own = {"shared_port": self.port, "keys_file": self.first.keys_path} | settings
        process = IngestProcess(folder, self.first.bootstrap, self.first.prefix, **own)
        process.key = self.first.key
        return process

    def post(self, *calls: dict[str, Any]) -> httpx.Response:
        """Post a batch over a connection of its own."""
        with httpx.Client(auth=(self.first.key, ""), timeout=30, verify=PLAIN) as client:
            return client.post(f"{self.url}/v1/batch", json={"batch": calls})


@pytest.fixture(scope="module")
def pair(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two ready processes."""
    prefix = f"i{secrets.token_hex(4)}."
    asyncio.run(ensure_topics(kafka.bootstrap, partitions=4, prefix=prefix))
    both = Pair(tmp_path_factory.mktemp("pair"), kafka.bootstrap, prefix)
    both.first.start()
    both.second.start()
    yield both
    assert [both.first.stop(), both.second.stop()] == [0, 0]


def _track(number: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "X", "messageId": number, "userId": "ada"} | more


def _in(account: str) -> dict[str, Any]:
    return {"context": {"groupId": account}}


async def _until_logged(pair: Pair, ids: set[str]) -> dict[str, str]:
    """Return the accounts of events once they are in the log."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = {event["id"]: event["account_id"] for event in await read_events(pair.first) if event["id"] in ids}
        if found.keys() == ids:
            return found
        assert time.monotonic() < deadline, found


def test_both_take_connections_and_each_tells_what_it_took_itself(pair: Pair) -> None:
    """No figure is lost, and none is mixed: the shared port has none."""
    before = [each.metric(ACCEPTED) for each in (pair.first, pair.second)]
    for number in range(CONNECTIONS):
        assert pair.post(_track(f"c{number}", **_in("acme"))).json()["accepted"] == 1
    took = [each.metric(ACCEPTED) - had for each, had in zip((pair.first, pair.second), before, strict=True)]
    assert sum(took) == CONNECTIONS
    assert min(took) > 0
    answer = httpx.get(f"{pair.url}/metrics")
    assert (answer.status_code, answer.json()["code"]) == (421, "shared_port")
    assert httpx.get(f"{pair.url}/readyz").status_code == httpx.codes.OK
    assert all(each.answers("/readyz") for each in (pair.first, pair.second))


async def test_a_track_at_one_process_gets_the_account_that_a_group_at_the_other_said(pair: Pair) -> None:
    """Just after the group, and before it: what came too soon is taken again once the account is known."""
    early = pair.second.post("/v1/batch", {"batch": [_track("early", userId="bea")]})
    assert (early.status_code, early.json()["accepted"]) == (200, 0)
    pair.first.post(
        "/v1/batch", {"batch": [{"type": "group", "userId": "bea", "groupId": "globex", "messageId": "g1"}]}
    )
    pair.second.post("/v1/batch", {"batch": [_track("late", userId="bea")]})
    assert await _until_logged(pair, {"early", "late"}) == {"early": "globex", "late": "globex"}


def test_a_process_that_is_not_ready_takes_no_connection_from_the_others(pair: Pair, tmp_path: Path) -> None:
    """It answers on its own port that it is not, and the shared one knows nothing of it."""
    third = pair.further(tmp_path, kafka=f"127.0.0.1:{free_port()}")
    third.start(ready=False)
    try:
        assert third.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
        answers = [pair.post(_track(f"n{number}", **_in("acme"))) for number in range(CONNECTIONS)]
        assert {answer.status_code for answer in answers} == {httpx.codes.OK}
    finally:
        assert third.stop() == 0


def test_a_process_without_a_port_of_its_own_cannot_slip_in(pair: Pair, tmp_path: Path) -> None:
    """Nor can one whose own port is taken: each is told which setting to change."""
    for wrong, advice in (
        ({"shared_port": None, "port": pair.port}, "set UPSWING_INGEST_PORT to a free port"),
        ({"own_port": pair.first.port}, "set UPSWING_INGEST_OWN_PORT to a free port"),
    ):
        fourth = pair.further(tmp_path, **wrong)
        fourth.start(true=lambda ended=fourth: ended.process is not None and ended.process.wait() >= 0)
        assert fourth.process
        assert fourth.process.returncode == 1
        assert advice in fourth.log_path.read_text()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_when_one_of_two_ends_under_load_nothing_is_lost_and_clients_go_on(
    pair: Pair, how: signal.Signals
) -> None:
    """Each client's next try, or the one after it, is taken by the other process; the new one takes a share again."""
    stop, senders = asyncio.Event(), [Sender(pair, f"{how.name}-{number}") for number in range(SENDERS)]
    sending = [asyncio.create_task(sender.send(stop)) for sender in senders]
    await _until_each_goes_on(senders)
    await asyncio.to_thread(pair.second.kill if how is signal.SIGKILL else pair.second.stop)
    await _until_each_goes_on(senders)
    await asyncio.to_thread(pair.second.start)
    await _until_each_goes_on(senders)
    stop.set()
    await asyncio.gather(*sending)
    promised = {name for sender in senders for name in sender.promised}
    assert promised <= {event["id"] for event in await read_events(pair.first)}
    assert max(sender.most_tries for sender in senders) <= 3
    deadline = time.monotonic() + PATIENCE
    while not pair.second.metric(ACCEPTED):
        pair.post(_track(f"again-{how.name}", **_in("acme")))
        assert time.monotonic() < deadline


async def _until_each_goes_on(senders: "list[Sender]") -> None:
    wanted = [len(sender.promised) + 3 * BATCH for sender in senders]
    async with asyncio.timeout(PATIENCE):
        while any(len(sender.promised) < want for sender, want in zip(senders, wanted, strict=True)):
            await asyncio.sleep(0.02)


class Sender:
    """A client with one connection, which sends a body again when its connection was lost; anything but 200 fails."""

    def __init__(self, pair: Pair, name: str) -> None:
        self._pair, self._name = pair, name
        self.promised: set[str] = set()
        self.most_tries = 1

    async def send(self, stop: asyncio.Event) -> None:
        """Send until told to stop."""
        async with httpx.AsyncClient(auth=(self._pair.first.key, ""), timeout=10, verify=PLAIN) as client:
            number = 0
            while not stop.is_set():
                number += 1
                ids = [f"{self._name}-{number}-{each}" for each in range(BATCH)]
                answer = await self._try(client, [_track(each, **_in(f"a{len(each) % 5}")) for each in ids])
                assert answer.status_code == httpx.codes.OK, answer.text
                self.promised.update(ids)

    async def _try(self, client: httpx.AsyncClient, batch: list[dict[str, Any]]) -> httpx.Response:
        tries = 1
        while True:
            try:
                return await client.post(f"{self._pair.url}/v1/batch", json={"batch": batch})
            except httpx.TransportError:
                tries += 1
                self.most_tries = max(self.most_tries, tries)
