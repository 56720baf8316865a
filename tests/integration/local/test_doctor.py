"""`upswing doctor` finds what is wrong, on a real broker and database."""

import time
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.settings import LocalSettings, local_settings
from services.ingest.settings import Settings as IngestSettings
from shared.io.database import migrate, services_with_migrations
from shared.io.kafka import ensure_topics, make_producer
from shared.kernel.errors import ConfigurationError
from shared.kernel.playbook import playbook_to_json
from shared.kernel.topics import PLAYBOOKS
from tests.oracle.writing import playbook
from tests.support.broker import Broker
from upswing.commands.keys import issue_key
from upswing.doctor.finding import Finding, Setup, ok
from upswing.doctor.options import demand_values, unknown_names
from upswing.doctor.rows import CHECKS
from upswing.publishing.publish import put_into_force


@pytest.fixture
def settings(tmp_path: Path, jars: list[Path], topic_prefix: str) -> LocalSettings:
    """Settings of a stack that does not run."""
    ports = {f"{name}_port": free_port() for name in ("kafka", "controller", "ingest", "pipeline", "notify", "signals")}
    return local_settings(data=tmp_path, jars=jars[0].parent, partitions=2, topic_prefix=topic_prefix, **ports)


def setup_of(
    settings: LocalSettings, kafka: str | None = None, database: str | None = None, running: bool = False
) -> Setup:
    """Return a setup."""
    return Setup(settings=settings, running=running, kafka=kafka, database=database)


async def found(name: str, setup: Setup) -> list[Finding]:
    """Return what a check finds."""
    return [finding async for finding in CHECKS[name](setup)]


async def sentence(name: str, setup: Setup) -> str:
    """Return the one thing that a check finds wrong."""
    (finding,) = await found(name, setup)
    assert finding.state == "wrong"
    return finding.sentence


async def test_a_sound_setup_has_nothing_wrong(
    settings: LocalSettings, kafka: Broker, database_url: str, topic_prefix: str
) -> None:
    """Every check is fine with topics, tables and a key."""
    await ensure_topics(kafka.bootstrap, 2, prefix=topic_prefix)
    for service in services_with_migrations():
        await migrate(service, database_url)
    issue_key(IngestSettings(data=settings.data).keys_path, "web")
    setup = setup_of(settings, kafka.bootstrap, database_url)
    wrong = [row for name in CHECKS for row in await found(name, setup) if row.state == "wrong"]
    assert wrong == []
    assert {row.state for name in ("topics", "database", "keys", "jars") for row in await found(name, setup)} == {"ok"}


async def test_a_missing_topic_and_a_database_behind_the_code_are_named(
    settings: LocalSettings, kafka: Broker, database_url: str, topic_prefix: str
) -> None:
    """Each with the command that mends it."""
    setup = setup_of(settings, kafka.bootstrap, database_url)
    topics = [row.sentence for row in await found("topics", setup)]
    assert f"topic {topic_prefix}events does not exist: run `upswing topics create`" in topics
    behind = await sentence("database", setup)
    assert all(service in behind for service in services_with_migrations())
    assert "upswing migrate" in behind


async def test_what_does_not_answer_is_named_with_its_address(settings: LocalSettings) -> None:
    """Broker, database and services, each by its own sentence, without a password."""
    port = free_port()
    setup = setup_of(settings, f"127.0.0.1:{port}", f"postgresql+asyncpg://u:secret@127.0.0.1:{port}/x", running=True)
    assert f"no Kafka broker answers at 127.0.0.1:{port}" in await sentence("broker", setup)
    assert "secret" not in await sentence("database", setup)
    services = [row.sentence for row in await found("services", setup)]
    assert [words.split()[0] for words in services] == ["ingest", "pipeline", "notify", "signals"]
    assert all("does not answer" in words for words in services)
    assert "nobody can send events" in await sentence("keys", setup)
    several = setup_of(settings.model_copy(update={"ingest_processes": 2, "ingest_own_port": port}), running=True)
    first, second = [row.sentence for row in await found("services", several)][:2]
    assert first.startswith(f"ingest does not answer at http://127.0.0.1:{port} ")
    assert second.startswith(f"ingest-2 does not answer at http://127.0.0.1:{port + 1} ")


async def test_a_broken_playbook_and_a_broken_jar_are_named(settings: LocalSettings, tmp_path: Path) -> None:
    """With the path and what is wrong."""
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text("version: [")
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "kafka_2.13-4.3.0.jar").write_bytes(b"broken")
    broken = setup_of(settings.model_copy(update={"playbook": playbook, "jars": jars}))
    assert "the playbook cannot be used" in await sentence("playbook", broken)
    assert "kafka_2.13-4.3.0.jar" in await sentence("jars", broken)


async def test_a_taken_port_and_a_full_disk_are_named(settings: LocalSettings, kafka: Broker) -> None:
    """With what to do."""
    taken = int(kafka.bootstrap.split(":")[1])
    full = setup_of(settings.model_copy(update={"kafka_port": taken, "free_megabytes": 1 << 40}))
    assert f"port {taken} for kafka is taken by java" in await sentence("ports", full)
    assert "MB are free" in await sentence("disk", full)
    own = setup_of(settings.model_copy(update={"ingest_processes": 2, "ingest_own_port": taken - 1}))
    assert f"port {taken} of ingest-2 is taken by java" in await sentence("ports", own)


async def test_each_setting_that_nobody_reads_or_that_a_service_would_refuse_is_named(settings: LocalSettings) -> None:
    """A slip is told with the closest name, a value with what was found and why not; a secret is never shown."""
    assert await found("settings", setup_of(settings)) == [ok(f"there are no settings in {settings.settings_file}")]
    settings.settings_file.write_text(
        "UPSWING_NOTIFY_SLACK_WEBHOK_URL=https://hooks.slack.com/x\n"
        "UPSWING_SIGNALS_FLUSH_SECONDS=9\nUPSWING_NOTIFY_EMAIL_TO=a@example.com\nUPSWING_NOTIFY_API_TOKEN=short\n"
        "UPSWING_LOCAL_INGEST_PORT=2\nUPSWING_SPEED=9\nUPSWING_INGEST_PORT=1\nHTTPS_PROXY=x\n"
    )
    findings = await found("settings", setup_of(settings))
    file = settings.settings_file
    assert [row.sentence for row in findings if row.state == "wrong"] == [
        (
            f"{file}: UPSWING_NOTIFY_SLACK_WEBHOK_URL is not a setting, so it has no effect: "
            "did you mean UPSWING_NOTIFY_SLACK_WEBHOOK_URL?"
        ),
        (
            f"{file}: UPSWING_LOCAL_INGEST_PORT has no effect in this file: set it in the environment, or use "
            "the option of `upswing up`"
        ),
        f"{file}: UPSWING_SPEED is not a setting, so it has no effect: docs/settings.md lists them all",
        "UPSWING_SIGNALS_FLUSH_SECONDS: found '9': Input should be less than or equal to 1",
        """UPSWING_NOTIFY_EMAIL_TO: found 'a@example.com', allowed is JSON such as ["one", "two"]""",
        "UPSWING_NOTIFY_API_TOKEN: Value should have at least 16 items after validation, not 5",
    ]
    assert [row.sentence.split()[0] for row in findings if row.state == "note"] == ["UPSWING_INGEST_PORT"]


def test_what_a_tool_reads_from_the_environment_is_no_slip() -> None:
    """The write key of `upswing simulate send`; in the file of the services it would have no effect."""
    assert list(unknown_names({"UPSWING_KEY": "upw_x"}, in_file=False)) == []
    assert len(list(unknown_names({"UPSWING_KEY": "upw_x"}, in_file=True))) == 1


async def test_a_channel_that_is_set_by_half_is_named(settings: LocalSettings) -> None:
    """Notify would start without it and say nothing."""
    settings.settings_file.write_text("UPSWING_NOTIFY_SLACK_TOKEN=xoxb-1\nUPSWING_NOTIFY_SMTP_HOST=smtp.example.com\n")
    assert [row.sentence.split(",")[0] for row in await found("settings", setup_of(settings))] == [
        "UPSWING_NOTIFY_SLACK_TOKEN is set",
        "UPSWING_NOTIFY_SMTP_HOST is set",
    ]


async def test_a_line_that_is_no_setting_and_routes_that_cannot_be_read_are_named(settings: LocalSettings) -> None:
    """The services pass over such a line in silence; notify would not start without its routes."""
    settings.settings_file.write_text(
        "# mine\n\nthis line is nonsense\nUPSWING_SIGNALS_TICKER\nUPSWING_NOTIFY_ROUTES=/nowhere/routes.yaml\n"
    )
    said = [row.sentence for row in await found("settings", setup_of(settings)) if row.state == "wrong"]
    file = settings.settings_file
    assert said == [
        f"{file}: line 3 has no effect: allowed is NAME=value",
        f"{file}: line 4 has no effect: allowed is NAME=value",
        "UPSWING_NOTIFY_ROUTES: the routes file /nowhere/routes.yaml cannot be read: No such file or directory",
    ]


def test_a_stack_does_not_start_with_what_a_service_would_refuse(settings: LocalSettings) -> None:
    """All of it in one sentence, before a broker is started; what is only set by half stops nobody."""
    settings.settings_file.write_text("UPSWING_SIGNALS_TICKER=maybe\nUPSWING_NOTIFY_SLACK_TOKEN=xoxb-1\n")
    wrong = "UPSWING_SIGNALS_TICKER: found 'maybe': allowed is true or false"
    with pytest.raises(ConfigurationError, match=wrong) as refused:
        demand_values(settings)
    assert "SLACK" not in str(refused.value)
    settings.settings_file.write_text("UPSWING_NOTIFY_SLACK_TOKEN=xoxb-1\n")
    demand_values(settings)


async def test_jars_that_a_running_broker_has_from_elsewhere_are_not_missed(
    settings: LocalSettings, tmp_path: Path
) -> None:
    """A demo has those of the folder above; nothing is to be fetched."""
    elsewhere = settings.model_copy(update={"jars": tmp_path / "none"})
    assert [row.state for row in await found("jars", setup_of(elsewhere, running=True))] == ["ok"]
    assert [row.state for row in await found("jars", setup_of(elsewhere))] == ["note"]


async def test_the_playbook_in_the_data_folder_is_the_one_that_is_looked_at(settings: LocalSettings) -> None:
    """Without a name given it goes before the default; all that is wrong with it is told."""
    (settings.data / "playbook.yaml").write_text("extends: default\nversion: own\ncurrency: euro\nroadmap: 5\n")
    findings = await found("playbook", setup_of(local_settings(data=settings.data)))
    assert [row.state for row in findings] == ["wrong", "wrong"]
    assert all(str(settings.data / "playbook.yaml") in row.sentence for row in findings)


async def test_the_playbook_in_force_is_named(settings: LocalSettings, kafka: Broker, topic_prefix: str) -> None:
    """The file until a version is published; then the latest one, and whether it can be used."""
    await ensure_topics(kafka.bootstrap, 2, prefix=topic_prefix)
    setup = setup_of(settings, kafka.bootstrap)
    assert (await found("playbook", setup))[-1] == ok("in force is that file, version default-1: none was published")
    async with make_producer(kafka.bootstrap) as producer:
        bodies = {"default-1": {}, "second": {"version": "second"}}
        for version, changes in bodies.items():
            body = playbook_to_json(playbook(changes))
            await producer.send_and_wait(topic_prefix + PLAYBOOKS.name, body, key=version.encode(), partition=0)
            half = (await found("playbook", setup))[-1]
            assert half.sentence.startswith(f"version {version} was published 20")
            assert "but the log was not told of it: publish it again; in force is " in half.sentence
            await put_into_force(kafka.bootstrap, topic_prefix, playbook(changes), time.time_ns() // 1_000_000)
            latest = (await found("playbook", setup))[-1]
            assert latest.sentence.startswith(f"in force is version {version}, published 20")
            assert latest.state == ("ok" if version == "default-1" else "note")
        await producer.send_and_wait(topic_prefix + PLAYBOOKS.name, b"{}", key=b"odd", partition=0)
    latest = (await found("playbook", setup))[-1]
    assert (latest.state, "version odd was published 20" in latest.sentence) == ("wrong", True)
