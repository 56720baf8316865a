"""All checks, in the order in which a person should read them."""

from upswing.doctor import accounts, dependencies, installation, machine, options, services, sources
from upswing.doctor.finding import Check

__all__ = ["CHECKS"]

CHECKS: dict[str, Check] = {
    "python": installation.python,
    "packages": installation.packages,
    "java": installation.java,
    "jars": installation.jars,
    "disk": machine.disk,
    "stack": machine.stack,
    "ports": machine.ports,
    "broker": dependencies.broker,
    "topics": dependencies.topics,
    "database": dependencies.database,
    "settings": options.settings,
    "playbook": services.playbook,
    "keys": services.write_keys,
    "sources": sources.heard,
    "accounts": accounts.notices,
    "services": services.readiness,
}
