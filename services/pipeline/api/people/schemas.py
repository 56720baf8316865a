"""What `/v1/people` takes and answers."""

from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, Field, field_validator

from services.pipeline.api.shapes import Body, Name
from services.pipeline.workdays import Workdays
from shared.kernel.errors import ConfigurationError
from shared.kernel.people import Person

HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$"
Role = Literal["csm", "ae", "sa", "pool", "manager", "ops"]


class PersonBody(Body):
    """A colleague. Shape: `hours` as `09:00-17:00`; `country` as `DE` or `DE-BY`; `capacity` counts open items."""

    person_id: Name
    name: Name
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")] | None = None
    slack_id: Name | None = None
    roles: tuple[Role, ...] = ()
    segments: tuple[Name, ...] = ()
    manager_id: Name | None = None
    stand_in_id: Name | None = None
    time_zone: Name = "UTC"
    country: Name | None = None
    hours: Annotated[str, Field(pattern=HOURS)] = "09:00-17:00"
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        _try_calendar(value, "")
        return value

    @field_validator("country")
    @classmethod
    def _country_is_known(cls, value: str | None) -> str | None:
        _try_calendar("UTC", value or "")
        return value

    def as_person(self) -> Person:
        """Return the public record."""
        return msgspec.convert(self.model_dump(), Person)


class PeopleBody(Body):
    """Everybody: who is not in the list is forgotten."""

    people: Annotated[list[PersonBody], Field(max_length=10_000)]


class PeopleView(BaseModel):
    """Everybody, by id."""

    people: list[PersonBody]


def view_people(people: list[Person]) -> PeopleView:
    """Return people as the API shows them."""
    return PeopleView(people=[PersonBody.model_construct(**msgspec.to_builtins(person)) for person in people])


def _try_calendar(time_zone: str, country: str) -> None:
    try:
        Workdays().calendar(time_zone, country)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
