"""The tracking plan: what a customer's SDK calls mean in our vocabulary.

Source: playbook section 2 (tracking plan).
"""

from typing import Literal

from shared.kernel.playbook.bounds import Part, Text

Constant = str | int | float | bool | tuple[Text, ...]


class TrackingRow(Part, frozen=True, kw_only=True):
    """One row: what the calls of one name, or of several, become.

    Shape: `match` is an event name or a glob, or a list of them. `properties` maps our property to a path in the whole
    call (`properties.calls`, `context.app.name`, `traits.plan`, `data.units`), or to several, of which the first that
    leads to a value counts. `constants` are fixed, and stand in where the paths of the same property lead nowhere.
    `ignore` takes the calls and makes no event of them; such a row has nothing else.
    """

    match: Text | tuple[Text, ...]
    type: Text | None = None
    properties: dict[Text, Text | tuple[Text, ...]] = {}
    constants: dict[Text, Constant] = {}
    ignore: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names and globs that the row takes."""
        return (self.match,) if isinstance(self.match, str) else self.match

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """For each property the paths that are tried, in their order."""
        return {ours: (path,) if isinstance(path, str) else path for ours, path in self.properties.items()}


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
