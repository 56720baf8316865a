"""The tracking plan: what a customer's SDK calls mean in our vocabulary.

Source: playbook section 2 (tracking plan).
"""

from typing import Literal

from shared.kernel.playbook.bounds import Part, Text


class TrackingRow(Part, frozen=True, kw_only=True):
    """One row: `match` is an event name or glob; `properties` our property → path in the call; `constants` fixed."""

    match: Text
    type: Text
    properties: dict[Text, Text] = {}
    constants: dict[Text, str | int | float | bool] = {}


class TrackingPlan(Part, frozen=True, kw_only=True):
    """How calls are read. Rows are tried in their order, before the defaults.

    Shape: `group_traits` and `identify_traits` map a trait of the call to a property of `account.updated` and
    `user.provisioned`; `account_paths` are looked at in their order; `unmapped_type` takes any other `track`.
    """

    rows: tuple[TrackingRow, ...]
    account_paths: tuple[Text, ...]
    group_type: Literal["account.updated"]
    group_traits: dict[Text, Text]
    identify_type: Literal["user.provisioned"]
    identify_traits: dict[Text, Text]
    page_type: Literal["session.started"]
    unmapped_type: Literal["feature.used"]
    unmapped_property: Literal["feature"]
