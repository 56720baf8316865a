"""How a service reads its settings: a wrong or missing one is one sentence that names it."""

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.kernel.errors import ConfigurationError

__all__ = ["read_settings"]

S = TypeVar("S", bound=BaseSettings)


def read_settings(kind: type[S], service: str, **given: Any) -> S:
    """Return the settings of the environment; `given` ones go before it.

    Errors: `ConfigurationError` naming each wrong or missing one as the environment calls it.
    """
    try:
        return kind(**given)
    except ValidationError as error:
        prefix = kind.model_config["env_prefix"]
        wrong = "; ".join(f"{prefix}{'_'.join(map(str, row['loc'])).upper()}: {row['msg']}" for row in error.errors())
        raise ConfigurationError(f"a setting of {service} is wrong: {wrong}") from None
