"""The public record on `people`: who is who. Compacted, keyed by `person_id`; owned by the pipeline.

Source: design (the alert is posted from `expansion.triggers`).
"""

import msgspec


class Person(msgspec.Struct, kw_only=True, frozen=True):
    """One colleague who can own leads and receive alerts.

    Shape: `roles` of `csm, ae, sa, pool, manager, ops`; `country` decides the public holidays: a code of ISO 3166 as
    `DE`, or `DE-BY` for a part of a country.
    """

    person_id: str
    name: str
    email: str | None = None
    slack_id: str | None = None
    roles: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    manager_id: str | None = None
    stand_in_id: str | None = None
    time_zone: str = "UTC"
    country: str | None = None
    hours: str = "09:00-17:00"
    capacity: int | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Person)


def encode_person(person: Person) -> bytes:
    """Return a person as JSON."""
    return _ENCODER.encode(person)


def decode_person(value: bytes) -> Person:
    """Return the person in a record's value. Errors: `msgspec.ValidationError` names the path."""
    return _DECODER.decode(value)
