"""A playbook that extends another: what it leaves out is the other's, what it says replaces."""

import shutil
from pathlib import Path

import pytest

from shared.io.playbooks import find_problems, load_playbook, read_playbook
from shared.kernel.errors import ConfigurationError

DEFAULT = Path("playbooks/default.yaml")
NAMES = "enabled, play, margin_points, active_percent, active_days, assigned_percent"


def _write(tmp_path: Path, text: str, name: str = "own.yaml") -> Path:
    shutil.copy(DEFAULT, tmp_path / "default.yaml")
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_mappings_are_merged_field_by_field_and_lists_replace(tmp_path: Path) -> None:
    """Two numbers and a list differ, everything else is as before."""
    text = "extends: default.yaml\nversion: own-1\ngate: {smb: {sentiment: 6}}\nroadmap: [One]\n"
    own, default = read_playbook(_write(tmp_path, text)), read_playbook(DEFAULT)
    assert (own.version, own.gate["smb"].sentiment, own.roadmap) == ("own-1", 6, ("One",))
    assert own.gate["smb"].core_features == default.gate["smb"].core_features
    assert own.gate["enterprise"] == default.gate["enterprise"]
    assert own.plans == default.plans
    assert own.digest != default.digest


def test_the_offers_of_one_company_are_no_addition_to_anothers(tmp_path: Path) -> None:
    """Plans, products and add-ons replace all of the other's."""
    text = (
        "extends: default.yaml\nversion: own-1\nplans: {Only: {price: 1, features: [a, b, c, d, e, f, g]}}\n"
        "core_features: [a, b, c, d, e, f, g]\nproducts: {}\naddons: {}\n"
    )
    assert list(read_playbook(_write(tmp_path, text)).plans) == ["Only"]


def test_shipped_playbooks_can_be_used() -> None:
    """Each file beside the default one."""
    for path in sorted(DEFAULT.parent.glob("*.yaml")):
        assert read_playbook(path).version


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("extends: own.yaml\nversion: a\n", "playbook: extends: .*own.yaml leads back to itself"),
        ("extends: default.yaml\n", "playbook: version: is missing in .*own.yaml, it is not taken from another file"),
        (
            "extends: [default.yaml]\nversion: a\n",
            r"playbook: extends: found \['default.yaml'\], allowed is default, or",
        ),
        ("extends: gone.yaml\nversion: a\n", "playbook: extends: found 'gone.yaml', allowed is default, or"),
        ("extends: default.yaml\nversion: a\ngate: {smb: {sentiment: 11}}", "playbook: gate.smb.sentiment: found 11"),
        ("extends: default.yaml\nversion: a\ngate: 5", "playbook: gate: found 5, allowed is a mapping of"),
    ],
)
def test_an_extension_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """With the path of what is wrong."""
    with pytest.raises(ConfigurationError, match=sentence):
        read_playbook(_write(tmp_path, text))


def test_text_without_a_file_cannot_extend() -> None:
    """There is no folder to look in."""
    with pytest.raises(ConfigurationError, match="extends: is for files only"):
        load_playbook("extends: default.yaml\nversion: a\n")


def test_default_is_the_playbook_that_comes_with_upswing_wherever_the_file_lies(tmp_path: Path) -> None:
    """A file of one's own needs no copy beside it."""
    (tmp_path / "own.yaml").write_text("extends: default\nversion: own-1\nroadmap: [One]\n")
    own, default = read_playbook(tmp_path / "own.yaml"), read_playbook(DEFAULT)
    assert (own.version, own.roadmap, own.plans) == ("own-1", ("One",), default.plans)


def test_all_that_is_wrong_is_found_at_once(tmp_path: Path) -> None:
    """Types first, each place; then, when these are right, what only makes sense together."""
    wrong = """extends: default
version: own-1
curency: EUR
plans: {Only: {seat_price: lots, features: [a]}}
gate: {smb: {sentiment: 11, qbr_days: soon}}
rules: {seat_saturation: {enabled: "yes", colour: red}}
"""
    (tmp_path / "own.yaml").write_text(wrong)
    assert find_problems(tmp_path / "own.yaml") == [
        "curency: nothing has this name here; did you mean currency?",
        "plans.Only.price: is missing, allowed is a number 0 to 1,000,000,000,000",
        "plans.Only.seat_price: found the text 'lots', allowed is a number 0 to 1,000,000,000,000",
        "gate.smb.sentiment: found 11, allowed is a whole number 0 to 10",
        "gate.smb.qbr_days: found the text 'soon', allowed is a whole number 1 to 400 or null",
        "rules.seat_saturation.colour: nothing has this name here; allowed are " + NAMES,
        "rules.seat_saturation.enabled: found the text 'yes', allowed is true or false",
    ]
    text = "extends: default\nversion: a\nplans: {Only: {price: 1, features: [a]}}\ncore_features: [b]\n"
    (tmp_path / "own.yaml").write_text(text + "health: {green: 10}\n")
    found = find_problems(tmp_path / "own.yaml")
    assert "core_features.0: found 'b', allowed is a feature of a plan: a" in found
    assert any(sentence.startswith("health.critical: found 50") for sentence in found)
    assert len(found) > 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["version: is missing in "]),
        ("# nothing but this\n", ["version: is missing in "]),
        ("version: own-1\ngate: {smb: {sentiment: 11}}\n", ["gate.smb.sentiment: found 11, allowed is a whole number"]),
        ("version: own-1\nroadmap: [One]\n", []),
    ],
)
def test_a_file_that_extends_nothing_gets_one_hint_in_place_of_all_that_it_lacks(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    """What a newcomer writes first; it cannot be used before it says what it builds on."""
    path = tmp_path / "own.yaml"
    path.write_text(text)
    first, *others = find_problems(path)
    assert first.endswith("most parts of a playbook: begin with `extends: default`, and write only what differs")
    assert len(others) == len(found)
    assert all(other.startswith(said) for other, said in zip(others, found, strict=True))
    with pytest.raises(ConfigurationError, match="playbook: extends: is missing"):
        read_playbook(path)


def test_a_whole_playbook_that_lacks_a_part_is_told_which(tmp_path: Path) -> None:
    """It extends nothing, and means it."""
    lines = DEFAULT.read_text().replace("currency:", "curency:", 1)
    found = find_problems(_write(tmp_path, lines))
    assert found == [
        "curency: nothing has this name here; did you mean currency?",
        "currency: is missing, allowed is a code of three capital letters",
    ]


def test_a_misspelt_base_hides_nothing_else(tmp_path: Path) -> None:
    """All mistakes are told together."""
    path = _write(tmp_path, "extends: defalt\nversoin: own-1\ngate: {smb: {sentiment: 11}}\n")
    assert find_problems(path) == [
        "extends: found 'defalt', did you mean default?",
        f"version: is missing in {path}, it is not taken from another file",
        "versoin: nothing has this name here; did you mean version?",
        "gate.smb.sentiment: found 11, allowed is a whole number 0 to 10",
    ]


def test_what_is_misplaced_is_not_told_all_that_it_lacks(tmp_path: Path) -> None:
    """One level too deep: `segments` is taken for the name of one, and nothing in it is known."""
    path = tmp_path / "own.yaml"
    path.write_text("extends: default\nversion: own-1\ngate: {segments: {smb: {sentiment: 6}}}\n")
    (found,) = find_problems(path)
    assert found.startswith("gate.segments.smb: nothing has this name here; allowed are days_since_onboarding, core_fe")
