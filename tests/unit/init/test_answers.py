"""What a newcomer answers becomes a playbook that the real loader takes, and settings that stay as they were."""

import ast
import re
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.io.playbooks import find_problems, read_playbook
from shared.kernel.errors import ConfigurationError
from tests.support.playbooks import shipped
from upswing.init.answers import (
    Answers,
    PlanAnswer,
    currency_in,
    features_in,
    limits_in,
    person_in,
    plan_in,
    price_in,
    source_in,
    with_parts,
)
from upswing.init.channels import Channels, channel_settings, channels_of, secret_in
from upswing.init.files import Kept, digest, merge_settings, read_kept, spare_name, was_changed, write_all
from upswing.init.own_playbook import playbook_text
from upswing.init.snippets import CLIENTS, snippets

DEFAULT = shipped()
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).map(str.strip)
KEYS = NAMES.filter(bool)


def test_parts_of_plans_are_read_as_they_are_written() -> None:
    """Prices, seats, limits and features; each plan's own."""
    plans = with_parts(
        (plan_in("Starter=49/9"), plan_in("Big One=1_500.5")),
        ["Starter:api_calls=10000,storage_gb=0.5", "Big One:api_calls=unlimited"],
        ["Starter=reports, alerts", "Big One=sso"],
    )
    assert plans == (
        PlanAnswer(
            name="Starter",
            price=49,
            seat_price=9,
            limits={"api_calls": 10_000, "storage_gb": 0.5},
            features=("reports", "alerts"),
        ),
        PlanAnswer(name="Big One", price=1500.5, limits={"api_calls": None}, features=("sso",)),
    )


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (plan_in, "Starter", "a plan is written as Starter=49/9"),
        (plan_in, "=49", "a plan is written as"),
        (plan_in, "Starter=dear", "an amount is a number from 0"),
        (price_in, "-1", "an amount is a number from 0"),
        (price_in, "nan", "an amount is a number from 0"),
        (limits_in, "api_calls", "limits are written as"),
        (features_in, "reports", "features are written as"),
        (currency_in, "euro", "a currency is a code of three letters"),
        (source_in, "My Site", "a source is called by"),
        (person_in, "Mara", "a person is written as"),
        (person_in, "boss=Mara", "with a role of csm, ae"),
        (person_in, "csm=", "a person is written as"),
        (person_in, "csm=Mara,a@b.c,U1,more", "a person is written as"),
        (secret_in, "@/nowhere/at/all", "holds no secret that can be read"),
    ],
)
def test_what_cannot_be_read_shows_how_it_is_written(read: object, text: str, sentence: str) -> None:
    """One sentence, with an example."""
    assert callable(read)
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        read(text)


def test_a_limit_of_a_plan_that_is_not_there_names_those_that_are() -> None:
    """A slip in a name is no new plan."""
    with pytest.raises(ConfigurationError, match="names no plan: there are Starter"):
        with_parts((plan_in("Starter=1"),), ["Stater:api_calls=1"], [])
    with pytest.raises(ConfigurationError, match="a limit is written as"):
        with_parts((plan_in("Starter=1"),), ["api_calls=1"], [])


def test_a_person_may_have_an_address_or_a_slack_id_alone() -> None:
    """The id is the name in small letters."""
    both = person_in("csm=Mara Ilves,mara@example.com,U0MARA")
    assert (both.person_id, both.email, both.slack_id, both.roles) == (
        *("mara-ilves", "mara@example.com", "U0MARA"),
        ("csm",),
    )
    assert (person_in("ae=Noor,U0N").slack_id, person_in("ae=Noor,U0N").email) == ("U0N", None)


@settings(max_examples=10, deadline=None)  # each reads the default playbook twice
@given(
    company=NAMES,
    plans=st.lists(
        st.builds(
            PlanAnswer,
            name=KEYS,
            price=st.integers(0, 10**6),
            seat_price=st.floats(0, 1000),
            limits=st.dictionaries(KEYS, st.none() | st.integers(0, 10**9), max_size=3),
            features=st.lists(KEYS, min_size=1, max_size=4, unique=True).map(tuple),
        ),
        max_size=4,
        unique_by=lambda plan: plan.name,
    ),
    roadmap=st.lists(KEYS, max_size=3).map(tuple),
    smb=st.integers(0, 50_000),
)
def test_whatever_is_answered_makes_a_playbook_that_can_be_used(
    tmp_path_factory: pytest.TempPathFactory,
    company: str,
    plans: list[PlanAnswer],
    roadmap: tuple[str, ...],
    smb: int,
) -> None:
    """Any names: quotes, colons, other scripts. What was answered is what is read."""
    core = plans[0].features if plans else ()
    answers = Answers(
        company=company, plans=tuple(plans), core_features=core, roadmap=roadmap, smb_below=smb, currency="EUR"
    )
    path = tmp_path_factory.mktemp("own") / "playbook.yaml"
    path.write_text(playbook_text(answers, DEFAULT, 1, str(path)), encoding="utf-8")
    assert find_problems(path) == []
    read = read_playbook(path)
    assert (read.currency, read.roadmap, read.segments[0].acv_below) == ("EUR", roadmap, smb)
    assert read.rules == DEFAULT.rules
    if plans:
        assert {name: (plan.price, plan.limits) for name, plan in read.plans.items()} == {
            plan.name: (plan.price, plan.limits) for plan in plans
        }
        assert read.core_features == core


def test_a_settings_file_keeps_every_line_that_is_not_ours() -> None:
    """Set in place, added at the end, taken out; comments, other names and their order stay."""
    before = "# mine\nA=1\nexport B=2\n\nUPSWING_X='old'\n"
    assert merge_settings(before, {"UPSWING_X": "new", "B": None, "C": "it's $5"}) == (
        "# mine\nA=1\n\nUPSWING_X=new\nC='it\\'s $5'\n"
    )
    assert merge_settings(merge_settings(None, {"A": "1"}), {"A": None}) == merge_settings(None, {})


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r", exclude_categories=("Cc", "Cs", "Zl", "Zp"))))
def test_a_value_is_read_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """By the reader that `upswing up` uses: quotes, backslashes, dollars."""
    path = tmp_path_factory.mktemp("env") / "upswing.env"
    path.write_text(merge_settings(None, {"UPSWING_X": value}), encoding="utf-8")
    assert dotenv_values(path, interpolate=False) == {"UPSWING_X": value}


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where one cannot be written none is, and no draft is left."""
    first, blocked = tmp_path / "a.env", tmp_path / "file" / "b"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_all({first: ("x", True), blocked: ("y", False)})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    write_all({first: ("x", True), tmp_path / "b": ("y", False)})
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.env", "b", "file"]


def test_a_playbook_that_somebody_has_changed_is_known_as_such(tmp_path: Path) -> None:
    """And one that init did not write, too."""
    kept = Kept(playbook_digest=digest("as written"))
    assert [was_changed(text, kept) for text in (None, "as written", "as written\n")] == [False, False, True]
    assert was_changed("anything", None)
    (tmp_path / "p.1").touch()
    assert spare_name(tmp_path / "p") == tmp_path / "p.2"
    (tmp_path / "init.json").write_text("{")
    with pytest.raises(ConfigurationError, match="remove it, init then asks everything anew"):
        read_kept(tmp_path / "init.json")


@pytest.mark.parametrize(
    ("channels", "sentence"),
    [
        (Channels(slack_webhook="hooks.slack.com/x"), "begins with https://hooks.slack.com"),
        (Channels(slack_webhook="http://127.0.0.1/x"), "add --allow-local"),
        (Channels(slack_webhook="https://localhost/x"), "is on this machine"),
        (Channels(slack_token="xoxb-1"), "needs both its token"),
        (Channels(slack_token="x", slack_channel="C", slack_webhook="https://a.b/c"), "not both"),
        (Channels(smtp="smtp.example.com"), "needs a sender"),
        (Channels(mail_to=("new@example.com",)), "belong to a mail server: add --smtp"),
        (Channels(slack_webhook="https://a.b/c", mail_from="a@b.c"), "belong to a mail server: add --smtp"),
        (Channels(smtp="smtp.example.com", mail_from="a@b.c"), "--mail-to"),
        (Channels(smtp="smtp:x", mail_from="a@b.c", mail_to=("d@e.f",)), "written as smtp.example.com:587"),
        (Channels(smtp="s", mail_from="a@b.c", mail_to=("d@e.f",), smtp_user="u"), "together with a password"),
    ],
)
def test_a_channel_that_could_not_work_is_refused_before_anything_is_written(channels: Channels, sentence: str) -> None:
    """One sentence each."""
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        channel_settings(channels)


def test_another_channel_takes_the_place_of_the_one_before() -> None:
    """What is not chosen any longer is taken out, and with nothing chosen all stays."""
    mail = channel_settings(Channels(smtp="smtp.example.com:25", mail_from="a@b.c", mail_to=("d@e.f",)))
    assert mail["UPSWING_NOTIFY_SLACK_WEBHOOK_URL"] is None
    assert (mail["UPSWING_NOTIFY_SMTP_PORT"], mail["UPSWING_NOTIFY_EMAIL_TO"]) == ("25", '["d@e.f"]')
    written = {name: value for name, value in mail.items() if value is not None}
    assert (channels_of(written), channels_of({})) == (["email"], ["in_app"])
    assert channel_settings(Channels()) == {}


def test_every_snippet_holds_the_real_address_and_key() -> None:
    """Python ones can be parsed whatever the plan is called; nothing is left to be filled in."""
    for name, text in snippets("http://127.0.0.1:8080", "upw_x", "127.0.0.1:9092", "p.", 'Plan "A"', "api_calls"):
        assert ("upw_x" in text and "http://127.0.0.1:8080" in text) or (
            "127.0.0.1:9092" in text and "p.events" in text
        )
        if not text.startswith("curl"):
            assert ast.parse(text), name
    assert len(CLIENTS) == 7
