"""Definitions 8, 59, 67: what tells that somebody is about to buy."""

from functools import partial

import pytest

from tests.oracle.beginnings import Tell
from tests.oracle.beginnings import begin as begin_with
from tests.oracle.story import Story
from tests.oracle.writing import only

begin = partial(begin_with, changes=only("buying_intent"))
FIRED, RESOLVED = ["fired buying_intent"], ["resolved buying_intent"]


def view(story: Story, when: str, user: str | None, name: str | None = None) -> list[str]:
    """Look at the prices."""
    return story.happens(when, "pricing.viewed", user=user, name=name)


def request(story: Story, when: str, **properties: object) -> list[str]:
    """Ask for a capability."""
    return story.happens(when, "capability.requested", **properties)


def webinar(story: Story, when: str, kind: str = "webinar") -> list[str]:
    """Take part in something."""
    return story.happens(when, "engagement.recorded", kind=kind)


def test_59_requests_views_by_different_users_and_webinars_together(tell: Tell) -> None:
    """One request and one webinar are two."""
    story = begin(tell)
    assert request(story, "2026-01-02 10:00", feature="sso") == []
    assert webinar(story, "2026-01-02 11:00") == FIRED
    told = story.told[-1]
    assert (told.value, told.threshold, told.comparison, told.scope) == (2, 2, ">=", None)


def test_59_two_requests_of_the_same_are_two(tell: Tell) -> None:
    """Requests are counted, not told apart."""
    story = begin(tell)
    assert request(story, "2026-01-02 10:00", product="Insights") == []
    assert request(story, "2026-01-02 10:00", product="Insights") == FIRED


def test_59_views_count_by_user_and_all_anonymous_ones_are_one(tell: Tell) -> None:
    """Three views by Ada and nobody are two viewers; by Ada alone one."""
    story = begin(tell)
    assert view(story, "2026-01-02 10:00", "ada") == []
    assert view(story, "2026-01-02 11:00", "ada") == []
    assert view(story, "2026-01-02 12:00", None) == FIRED
    story = begin(tell)
    assert view(story, "2026-01-02 10:00", None) == []
    assert view(story, "2026-01-02 11:00", None) == []
    assert view(story, "2026-01-02 12:00", "bob") == FIRED


@pytest.mark.parametrize("kind", ["reply", "training", "community", "meeting"])
def test_59_only_webinars_of_what_engages(tell: Tell, kind: str) -> None:
    """A reply, a training, a community and a meeting are no intent to buy."""
    story = begin(tell)
    webinar(story, "2026-01-02 10:00")
    assert webinar(story, "2026-01-02 11:00", kind) == []


def test_59_in_30_days(tell: Tell) -> None:
    """A request of January 2 is in the window of the 31st, not in that of February 1; one left of two is over."""
    story = begin(tell)
    request(story, "2026-01-02 10:00")
    story.tick("2026-01-31 00:00")
    assert request(story, "2026-01-31 10:00") == FIRED
    assert story.tick("2026-02-01 00:00") == []
    assert story.tick("2026-02-02 00:00") == RESOLVED
    story = begin(tell)
    request(story, "2026-01-02 10:00")
    story.tick("2026-02-01 00:00")
    assert request(story, "2026-02-01 10:00") == []


def test_59_a_late_view_counts_in_todays_value(tell: Tell) -> None:
    """Ada's of the 2nd arrives on the 10th; a user's latest view is not all that counts.

    ::

        Jan 3   ada; Jan 20  ada again
        Feb 1   window from Jan 3
        Feb 2   bob                   fired (ada by her view of Jan 20)
    """
    story = begin(tell)
    view(story, "2026-01-10 10:00", "bob")
    assert view(story, "2026-01-02 10:00", "ada") == FIRED
    story = begin(tell)
    view(story, "2026-01-20 10:00", "ada")
    view(story, "2026-01-03 10:00", "ada")
    story.tick("2026-02-02 00:00")
    assert view(story, "2026-02-02 10:00", "bob") == FIRED


def test_67_an_erased_persons_views_go(tell: Tell) -> None:
    """Requests and webinars stay; a view after the erasure is a new person's."""
    story = begin(tell)
    view(story, "2026-01-02 10:00", "ada")
    assert request(story, "2026-01-02 11:00") == FIRED
    assert story.happens("2026-01-02 12:00", "user.erased", user="ada") == []
    assert story.tick("2026-01-03 00:00") == RESOLVED
    assert view(story, "2026-01-02 11:59", "ada") == []
    assert view(story, "2026-01-02 12:00", "ada") == FIRED


def test_67_an_erased_persons_request_stays(tell: Tell) -> None:
    """It is the account's: it names nobody."""
    story = begin(tell)
    story.happens("2026-01-02 10:00", "capability.requested", user="ada", feature="sso")
    story.happens("2026-01-02 12:00", "user.erased", user="ada")
    assert webinar(story, "2026-01-02 13:00") == FIRED


def test_67_an_erasure_told_late_leaves_the_views_after_it(tell: Tell) -> None:
    """Views of the 2nd and the 4th; erased on the 3rd, told on the 5th: the later view is the new person's."""
    story = begin(tell)
    view(story, "2026-01-02 10:00", "ada")
    view(story, "2026-01-04 10:00", "ada")
    story.tick("2026-01-05 00:00")
    story.happens("2026-01-03 10:00", "user.erased", user="ada")
    assert webinar(story, "2026-01-05 10:00") == FIRED
    assert story.tick("2026-02-02 00:00") == []
    assert story.tick("2026-02-03 00:00") == []
    assert story.tick("2026-02-04 00:00") == RESOLVED


def test_13_deactivation_leaves_a_users_views(tell: Tell) -> None:
    """What they looked at before they left they did look at."""
    story = begin(tell)
    view(story, "2026-01-02 10:00", "ada")
    story.happens("2026-01-02 12:00", "user.deactivated", user="ada")
    assert view(story, "2026-01-02 13:00", "bob") == FIRED


def test_8_a_repeated_request_is_one(tell: Tell) -> None:
    """The same id within the hour."""
    story = begin(tell)
    story.happens("2026-01-02 10:00", "capability.requested", name="r", feature="sso")
    assert story.happens("2026-01-02 10:00", "capability.requested", name="r", feature="sso") == []


def test_59_it_is_held_while_the_gate_is_shut(tell: Tell) -> None:
    """Expansion as any other."""
    story = tell(only("buying_intent"))
    request(story, "2026-01-02 10:00")
    assert request(story, "2026-01-02 11:00") == ["held buying_intent"]
    assert story.happens("2026-01-03 11:00", "feature.used", feature="dashboards") == ["released buying_intent"]
