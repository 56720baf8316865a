"""Where a request may go."""

import pytest

from services.notify.core.destination import refuse_address, refuse_url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T/B/x",
        "ftp://hooks.slack.com/x",
        "hooks.slack.com/x",
        "",
        "https://",
        "https:///x",
        "https://user@hooks.slack.com/x",
        "https://user:secret@hooks.slack.com/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[fd00::1]/x",
        "https://0.0.0.0/x",
        "https://[x/",
        "https://host:port/x",
    ],
)
def test_what_is_not_https_to_a_public_address_is_refused(url: str) -> None:
    """With a sentence that says why."""
    assert refuse_url(url, allow_local=False)


def test_a_webhook_of_slack_is_allowed() -> None:
    """A name is looked up, and its addresses checked, at each connection."""
    assert refuse_url("https://hooks.slack.com/services/T/B/x", allow_local=False) is None
    assert refuse_url("https://8.8.8.8/x", allow_local=False) is None


def test_local_receivers_are_allowed_where_the_settings_say_so() -> None:
    """For the demo and tests; even then there are no passwords in URLs."""
    assert refuse_url("http://127.0.0.1:9999/x", allow_local=True) is None
    assert refuse_url("http://localhost/x", allow_local=True) is None
    assert refuse_url("http://u:p@localhost/x", allow_local=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.1.1",
        "224.0.0.1",
        "::",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """Private, link-local, shared, multicast, and those hidden in IPv6."""
    assert refuse_address(address, allow_local=False)
    assert refuse_address(address, allow_local=True) is None


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed(address: str) -> None:
    """Of both families."""
    assert refuse_address(address, allow_local=False) is None
