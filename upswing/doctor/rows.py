"""All checks, in the order in which a person should read them."""

from upswing.doctor import dependencies, installation, machine, services
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
    "playbook": services.playbook,
    "keys": services.write_keys,
    "services": services.readiness,
}
