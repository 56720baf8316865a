"""Every exception and every reason for refusing data.

The exception tree::

    UpswingError
    ├── ConfigurationError      a setting or the playbook is wrong: say so and do not start
    ├── DependencyError         Kafka, PostgreSQL or a receiver does not answer: retry to the deadline, then exit
    └── InvariantError          something that cannot be true is: exit at once, let the supervisor restart

Bad *data* is no exception but a `Problem`: a value with a `Reason`, which is also the metric label.
"""

from enum import StrEnum

import msgspec

EXIT_CONFIGURATION = 78  # EX_CONFIG of sysexits.h: starting again changes nothing, a person has to


class UpswingError(Exception):
    """Root of all exceptions raised on purpose; its message is one sentence for a person."""


class ConfigurationError(UpswingError):
    """A setting, a mapping file or the playbook cannot be used. Fate: exit, or refuse the new version."""


class DependencyError(UpswingError):
    """A broker, database or receiver failed. Fate: retry to the deadline, then exit."""


class InvariantError(UpswingError):
    """A promise that everything rests on is broken. Fate: exit at once."""


class Reason(StrEnum):
    """Why an event or record could not be used. Bounded: each value is a metric label and an error `code`."""

    UNREADABLE = "unreadable"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_TYPE = "unknown_type"
    ACCOUNT_UNKNOWN = "account_unknown"
    TOO_LARGE = "too_large"
    TOO_OLD = "too_old"
    MISPLACED = "misplaced"
    RULE_FAILED = "rule_failed"
    UNUSABLE = "unusable"


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one piece of data.

    Shape: `field` is the path inside the event (`properties.quantity`), empty when it concerns the whole;
    `message` is one sentence naming what was found and what is allowed.
    """

    reason: Reason
    field: str
    message: str
