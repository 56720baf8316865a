"""Ports of this machine: whether one is free, who has it, and a free one."""

import secrets
import socket

import psutil

from shared.kernel.errors import ConfigurationError

__all__ = ["HOST", "demand_free", "free_port", "holder_of", "is_free"]

HOST = "127.0.0.1"
FIRST_PORT, PORTS = 10_240, 20_000


def free_port() -> int:
    """Return a port that nobody listens on now.

    It lies below the range from which the system takes ports for outgoing connections: one of those could be taken by
    any client between the asking and the listening.
    """
    while not is_free(port := FIRST_PORT + secrets.randbelow(PORTS)):
        pass
    return port


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def demand_free(port: int, what: str, option: str) -> None:
    """Return when a port is free. Errors: `ConfigurationError` saying who has it and what to do."""
    if not is_free(port):
        raise ConfigurationError(
            f"port {port} for {what} is taken{holder_of(port)}: stop that program, or choose another port with {option}"
        )


def holder_of(port: int) -> str:
    """Return ` by <program> (process <id>)` for a taken port, or nothing when the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""
