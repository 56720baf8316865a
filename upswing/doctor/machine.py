"""Checks of this machine: room on the disk, and the ports."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from deploy.local.ports import holder_of, is_free
from deploy.local.settings import PORTS
from upswing.doctor.finding import Finding, Setup, note, ok, wrong

__all__ = ["disk", "ports", "stack"]


async def disk(setup: Setup) -> AsyncIterator[Finding]:
    """Whether there is room for the stack's data."""
    data, wanted = setup.settings.data.absolute(), setup.settings.free_megabytes
    free = shutil.disk_usage(_existing(data)).free >> 20
    if free < wanted:
        yield wrong(f"only {free} MB are free on the disk of {data}, and the stack wants {wanted}: free some")
    else:
        yield ok(f"{free} MB are free on the disk of {data}")


async def stack(setup: Setup) -> AsyncIterator[Finding]:
    """Whether a stack runs on the data folder."""
    data = setup.settings.data.absolute()
    if setup.running:
        yield ok(f"a stack runs on {data}")
    elif setup.kafka is None:
        yield note(f"no stack runs on {data}: `upswing up` starts one")


async def ports(setup: Setup) -> AsyncIterator[Finding]:
    """Whether the ports of a stack that is to be started are free."""
    if setup.running:
        return
    taken = {name: setup.settings.port(name) for name in PORTS if not is_free(setup.settings.port(name))}
    for name, port in taken.items():
        yield wrong(f"port {port} for {name} is taken{holder_of(port)}: stop that program, or choose --{name}-port")
    own = {name: port for name, port in setup.settings.own_ports.items() if not is_free(port)}
    for name, port in own.items():
        choice = "choose others with UPSWING_LOCAL_INGEST_OWN_PORT"
        yield wrong(f"port {port} of {name} is taken{holder_of(port)}: stop that program, or {choice}")
    if not taken and not own:
        yield ok("all ports are free")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
