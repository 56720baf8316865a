"""The alert of the test is the delivery to the channel that was chosen, and to no other."""

from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import ConfigurationError
from upswing.init.channels import names_of
from upswing.init.deliveries import Found, advice, choose, undelivered


def row(channel: str | None, state: str, why: str = "fired", reason: str | None = None) -> dict[str, Any]:
    """Return a delivery as notify shows it."""
    return {"channel": channel, "state": state, "why": why, "reason": reason, "note": "route", "attempts": 2}


IN_APP, MAIL = row("in-app", "sent"), row("email", "pending", reason="connection refused")


def test_what_waits_in_the_product_is_no_mail() -> None:
    """It is sent at once, whatever becomes of the mail; only what goes to the chosen channel counts."""
    found = choose([IN_APP, MAIL], {"email"})
    assert found == Found(MAIL, [IN_APP])
    assert undelivered(found) == ("pending on email after 2 attempts: connection refused (elsewhere: sent on in-app)")
    assert "mail server" in advice(found.row)
    assert choose([IN_APP, MAIL], {"in-app"}).row == IN_APP


def test_of_the_chosen_channels_one_that_was_sent_comes_first() -> None:
    """With routes of one's own that name no such kind, any channel counts; later news are no alert."""
    sent = row("email", "sent", "released")
    assert choose([MAIL, sent], {"email"}).row == sent
    assert choose([MAIL], ()).row == MAIL
    assert choose([row("email", "sent", "resolved")], {"email"}) == Found()
    assert undelivered(Found()) == "no delivery was decided"


def test_channels_are_called_by_their_kind_or_as_the_routes_file_says(tmp_path: Path) -> None:
    """A file that cannot be read is one sentence."""
    assert names_of("email", {}) == {"email"}
    file = tmp_path / "routes.yaml"
    given = {"UPSWING_NOTIFY_ROUTES": str(file)}
    with pytest.raises(ConfigurationError, match=r"the routes file .* cannot be read"):
        names_of("slack", given)
    file.write_text(
        "channels: {team: {kind: slack_webhook}, bot: {kind: slack_api}}\nroutes: [{name: a, to: [team]}]\n"
    )
    assert names_of("slack", given) == {"team", "bot"}
    assert names_of("email", given) == frozenset()
