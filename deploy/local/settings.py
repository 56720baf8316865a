"""Settings of the stack on one machine, from the environment with the prefix `UPSWING_LOCAL_`, and from a file.

A file `upswing.env` in the data folder (`NAME=value` lines) is handed to every service: there `UPSWING_NOTIFY_...` and
the like are kept for real use. A file `playbook.yaml` there is the playbook, unless another one is named.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel.errors import ConfigurationError
from shared.kernel.topics import LOCAL_PARTITIONS

__all__ = [
    "DEFAULT_PLAYBOOK",
    "OWN_PLAYBOOK",
    "PORTS",
    "SERVICES",
    "SETTINGS_FILE",
    "LocalSettings",
    "inherited",
    "local_settings",
]

SERVICES = ("ingest", "pipeline", "notify", "signals")
PORTS = ("kafka", "controller", *SERVICES)
SHARING, MOST_PROCESSES = "ingest", 64
DEFAULT_PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "default.yaml"
OWN_PLAYBOOK = "playbook.yaml"
SETTINGS_FILE = "upswing.env"
STACK_NAMES = ("kafka", "database", "topic_prefix", "host", "port", "instance", "data", "datadir", "playbook")

Port = Annotated[int, Field(ge=1, le=65_535)]


class LocalSettings(BaseSettings):
    """One stack. Shape: everything it writes is below `data`; only the jars may be elsewhere. Units: in the names."""

    model_config = SettingsConfigDict(env_prefix="UPSWING_LOCAL_", frozen=True, extra="forbid")

    data: Path = Path(".upswing")
    jars: Path | None = None
    playbook: Path = Field(default_factory=lambda given: _own_playbook(given.get("data")))
    partitions: int = Field(default=LOCAL_PARTITIONS, ge=1, le=1_000)
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    kafka_port: Port = 9092
    controller_port: Port = 9093
    ingest_port: Port = 8080
    pipeline_port: Port = 8081
    notify_port: Port = 8082
    signals_port: Port = 8083
    ingest_processes: int = Field(default=1, ge=1, le=MOST_PROCESSES)
    ingest_own_port: int = Field(default=8090, ge=1, le=65_536 - MOST_PROCESSES)
    ready_seconds: float = Field(default=960.0, ge=5, le=86_400)
    free_megabytes: int = Field(default=1_024, ge=64, le=1_048_576)

    def port(self, name: str) -> int:
        """Return the port of `kafka`, `controller` or a service."""
        port: int = getattr(self, f"{name}_port")
        return port

    def programs(self, *services: str) -> list[str]:
        """Return the names of services' processes: the service's, and with `-2` and so on those that share its port."""
        further = range(2, self.ingest_processes + 1)
        more = {SHARING: [f"{SHARING}-{number}" for number in further]}
        return [program for service in services for program in (service, *more.get(service, ()))]

    @property
    def own_ports(self) -> dict[str, int]:
        """Return the ports on which processes that share one answer alone."""
        programs = self.programs(SHARING)
        return {name: self.ingest_own_port + at for at, name in enumerate(programs)} if len(programs) > 1 else {}

    def own_url(self, program: str) -> str:
        """Return the address at which a process of a service answers alone."""
        return f"http://127.0.0.1:{self.own_ports.get(program) or self.port(program)}"

    @property
    def jars_folder(self) -> Path:
        """Where the broker's jars are."""
        return (self.jars or self.data / "jars").absolute()

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return f"127.0.0.1:{self.kafka_port}"

    def url(self, service: str) -> str:
        """Return the address of a service."""
        return f"http://127.0.0.1:{self.port(service)}"

    @property
    def settings_file(self) -> Path:
        """Where settings of the services are kept."""
        return self.data / SETTINGS_FILE

    def file_environment(self) -> dict[str, str]:
        """Return what `upswing.env` in the data folder says."""
        values = dotenv_values(self.settings_file, interpolate=False)
        return {name: value for name, value in values.items() if value is not None}

    def service_environment(self, program: str, database_url: str) -> dict[str, str]:
        """Return the environment of a service or one of its processes: inherited, from the file, and our addresses."""
        service = program.partition("-")[0]
        own: dict[str, Any] = {
            "kafka": self.bootstrap,
            "database": database_url,
            "topic_prefix": self.topic_prefix,
            "host": "127.0.0.1",
            "port": self.port(service),
            "instance": "local",
            "data": self.data.absolute(),
            "datadir": (self.data / service).absolute(),
            "playbook": self.playbook.absolute(),
        }
        if program in self.own_ports:
            own["own_port"] = self.own_ports[program]
        prefix = f"UPSWING_{service}_"
        return inherited() | self.file_environment() | {f"{prefix}{name}".upper(): str(own[name]) for name in own}


def _own_playbook(data: Path | None) -> Path:
    """Return the playbook of a data folder, or the default one where the folder has none."""
    own = None if data is None else data / OWN_PLAYBOOK
    return own if own is not None and own.exists() else DEFAULT_PLAYBOOK


def local_settings(**chosen: Any) -> LocalSettings:
    """Return the settings; what is None in `chosen` comes from the environment or the default.

    Errors: `ConfigurationError` naming each wrong value.
    """
    try:
        return LocalSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors())
        raise ConfigurationError(f"a setting of the local stack is wrong: {wrong}") from None


def inherited() -> dict[str, str]:
    """Return this process's environment, for the programs it starts."""
    return dict(os.environ)
