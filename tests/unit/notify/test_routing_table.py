"""The channels and routes in force."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import services.notify
from services.notify.app import read_settings
from services.notify.channels.kinds import Environment
from services.notify.channels.receiver import Receiver
from services.notify.core.route import route
from services.notify.core.schedule import Refused
from services.notify.core.silence import Facts
from services.notify.routing_table import load_switchboard
from services.notify.settings import Settings
from shared.kernel.errors import ConfigurationError

HOOK = "https://hooks.slack.com/services/T0/B0/x"
DATABASE = "postgresql+asyncpg://localhost/x"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver's client that may not call local addresses."""
    client = Receiver(allow_local=False, timeout_s=2)
    yield client
    await client.close()


def environment(settings: Settings, receiver: Receiver) -> Environment:
    """Return what channels are made with."""
    return Environment(
        receiver=receiver,
        secrets=settings.known_secrets(),
        slack_api_url=settings.slack_api_url,
        smtp=settings.smtp,
        send_timeout_s=1.0,
        allow_local_urls=settings.allow_local_urls,
    )


def settings_of(**over: Any) -> Settings:
    """Return settings with nothing but what is given."""
    return Settings(**{"database": DATABASE} | over)


@pytest.mark.parametrize(
    ("over", "kinds", "senders"),
    [
        ({}, {"in-app": "in_app", "log": "log"}, []),
        ({"slack_webhook_url": HOOK}, {"in-app": "in_app", "slack": "slack_webhook"}, ["slack"]),
        ({"slack_token": "xoxb-1", "slack_channel": "C1"}, {"in-app": "in_app", "slack": "slack_api"}, ["slack"]),
        (
            {"slack_webhook_url": HOOK, "smtp_host": "mail.example.com", "email_from": "u@example.com"},
            {"in-app": "in_app", "slack": "slack_webhook", "email": "email"},
            ["slack", "email"],
        ),
    ],
)
async def test_channels_follow_from_the_settings(
    receiver: Receiver, over: dict[str, Any], kinds: dict[str, str], senders: list[str]
) -> None:
    """One webhook URL is enough; none at all leaves the log of deliveries, and growth its prompts in the product."""
    settings = settings_of(**over)
    switchboard = load_switchboard(settings, environment(settings, receiver))
    assert {name: channel.kind.kind for name, channel in switchboard.channels.items()} == kinds
    assert switchboard.senders == senders
    assert switchboard.prompts == ["in-app"]


@pytest.mark.parametrize(
    ("over", "rest"), [({}, "log"), ({"slack_webhook_url": HOOK}, "slack"), ({"smtp_host": "m.example.com"}, "email")]
)
async def test_risk_never_goes_to_the_customers_own_product(
    receiver: Receiver, over: dict[str, Any], rest: str
) -> None:
    """Whatever is set: in-app is for growth of small accounts, which may look after themselves."""
    settings = settings_of(email_from="u@example.com", **over)
    routes = load_switchboard(settings, environment(settings, receiver)).routes
    growth = Facts(
        account_id="acme",
        segment="SMB",
        kind="expansion",
        rule="usage_ceiling",
        level=None,
        play="tier_migration",
        owner=None,
        owner_role="csm",
    )
    assert route(routes, growth).channels == ("in-app", rest)
    for segment in ("SMB", "Mid-Market", "Enterprise"):
        for kind in ("risk", "adoption", "ops"):
            facts = msgspec.structs.replace(growth, segment=segment, kind=kind)
            assert route(routes, facts).channels == (rest,)


async def test_the_pace_is_one_message_a_second_unless_set(receiver: Receiver) -> None:
    """Slack's limit."""
    for over, pace in (({}, 1_000), ({"slack_interval_ms": 0}, 0), ({"slack_interval_ms": 250}, 250)):
        settings = settings_of(slack_webhook_url=HOOK, **over)
        assert load_switchboard(settings, environment(settings, receiver)).channels["slack"].interval_ms == pace


async def test_the_example_file_can_be_used(receiver: Receiver) -> None:
    """As it stands, with the secrets that it names."""
    path = Path(services.notify.__file__).parent / "routes.example.yaml"
    settings = settings_of(
        routes=path,
        slack_webhook_url=HOOK,
        slack_token="xoxb-1",
        smtp_host="mail.example.com",
        email_from="u@example.com",
    )
    switchboard = load_switchboard(settings, environment(settings, receiver))
    assert list(switchboard.channels) == ["in-app", "cs", "strategic", "ops", "mail"]
    assert len(switchboard.routes) == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("channels: [", "is not YAML"),
        ("- a", "Expected `object`"),
        ("channels: {a: {kind: pigeon}}\nroutes: [{name: a, to: [a]}]", "channels.a.kind is 'pigeon'; allowed: email"),
        ("channels: {a: {kind: in_app, colour: red}}\nroutes: [{name: a, to: [a]}]", "unknown field `colour`"),
        ("channels: {a: {kind: slack_webhook, url: 'secret:x'}}\nroutes: [{name: a, to: [a]}]", "the secret 'x'"),
        (
            "channels: {a: {kind: slack_webhook, url: 'http://hooks.slack.com/x'}}\nroutes: [{name: a, to: [a]}]",
            "channels.a.url cannot be used: its scheme must be https",
        ),
        (
            "channels: {a: {kind: slack_webhook, url: 'https://10.0.0.1/x'}}\nroutes: [{name: a, to: [a]}]",
            "10.0.0.1 is not a public address",
        ),
        ("channels: {a: {kind: email}}\nroutes: [{name: a, to: [a]}]", "needs a mail server"),
        ("channels: {a: {kind: in_app, interval_ms: -1}}\nroutes: [{name: a, to: [a]}]", "interval_ms"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    receiver: Receiver, tmp_path: Path, content: str, said: str
) -> None:
    """With the path, what was found and what is allowed."""
    path = tmp_path / "routes.yaml"
    path.write_text(content)
    settings = settings_of(routes=path)
    with pytest.raises(ConfigurationError) as refused:
        load_switchboard(settings, environment(settings, receiver))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_file_that_is_not_there_is_named(receiver: Receiver, tmp_path: Path) -> None:
    """And why it cannot be read."""
    settings = settings_of(routes=tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_switchboard(settings, environment(settings, receiver))


async def test_a_name_that_leads_to_a_private_address_is_not_called(receiver: Receiver) -> None:
    """It is looked up at each connection, so a name that changes its mind is refused as well."""
    answer = await receiver.post("https://localhost:1/x", b"{}", {})
    assert isinstance(answer, Refused)
    assert "is not a public address" in answer.reason


def test_buttons_need_the_secret_that_verifies_their_presses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is shown a button whose press would be refused."""
    monkeypatch.setenv("UPSWING_NOTIFY_DATABASE", DATABASE)
    assert not read_settings().buttons
    monkeypatch.setenv("UPSWING_NOTIFY_BUTTONS", "true")
    with pytest.raises(ConfigurationError, match=r"UPSWING_NOTIFY_BUTTONS: .*set UPSWING_NOTIFY_SIGNING_SECRET too"):
        read_settings()
    monkeypatch.setenv("UPSWING_NOTIFY_SIGNING_SECRET", "s" * 32)
    assert read_settings().buttons


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name it has in the environment."""
    monkeypatch.delenv("UPSWING_NOTIFY_DATABASE", raising=False)
    monkeypatch.setenv("UPSWING_NOTIFY_PORT", "99999")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert "UPSWING_NOTIFY_DATABASE: Field required" in str(refused.value)
    assert "UPSWING_NOTIFY_PORT" in str(refused.value)
