"""Rows proposed for names that nothing maps are always rows that a playbook takes."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.tracking import Tracking
from services.ingest.core.unmapped import JSON_TYPES
from shared.kernel.playbook import build_playbook
from tests.support.playbooks import default_data
from upswing.events.propose import propose

FEATURES = ("reports", "audit_log", "integrations")
METRICS = ("api_calls", "storage_gb")
PLAYBOOK: dict[str, Any] = default_data()

SPOKEN = "API Call Ticket Opened NPS Seat Added Storage Measured Limit Reached Upgrade Pricing Viewed Signed Up $x"
WORDS = st.sampled_from(SPOKEN.split())
NAMES = st.one_of(st.text(min_size=1, max_size=256), st.lists(WORDS, min_size=1, max_size=4).map(" ".join))
PROPERTIES = st.dictionaries(
    st.one_of(
        st.text(max_size=10), st.sampled_from(["score", "count", "calls", "seats", "id", "plan", "a.b", "feature"])
    ),
    st.sets(st.sampled_from(sorted(set(JSON_TYPES.values()))), min_size=1),
    max_size=4,
)


@given(NAMES, PROPERTIES)
def test_every_proposal_is_a_row_that_the_playbook_takes_and_that_maps_the_name(
    name: str, properties: dict[str, set[str]]
) -> None:
    """So copying it never breaks a playbook."""
    proposal = propose(name, properties, FEATURES, METRICS)
    plan = PLAYBOOK["tracking"] | {"rows": yaml.safe_load(proposal.yaml)}
    playbook = build_playbook(PLAYBOOK | {"tracking": plan})
    meaning = Tracking(playbook.tracking, playbook.time).meaning_of(name)
    if not name.startswith("control."):
        assert meaning is not None
        assert meaning.row is playbook.tracking.rows[0]
