"""Trying mutations: a scratch copy of the tree, one protection undone in it, and the row that must fail there."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.chaos.signals.mutations import MUTATIONS, Mutation

__all__ = ["apply", "run_mutations", "try_mutation"]

ROOT = Path(__file__).parents[3]
COPIED = ("services", "shared", "deploy", "upswing", "tests", "playbooks", "pyproject.toml")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".venv", ".upswing")
OPTIONS = frozenset({"ROWS", "KILLS", "SECONDS", "MUTATE", "SEED", "CHAOS_KAFKA"})
SECONDS = 600
VIOLATED = "VIOLATED"


def apply(mutation: Mutation, root: Path) -> None:
    """Undo a protection in a copy. Errors: `LookupError` when its text is not there, or there twice."""
    for name, text, replacement in mutation.edits:
        path = root / name
        source = path.read_text()
        if source.count(text) != 1:
            raise LookupError(f"{mutation.name}: {name} holds the text {source.count(text)} times: {text!r}")
        path.write_text(source.replace(text, replacement))


def try_mutation(mutation: Mutation, folder: Path, bootstrap: str, jars: Path, seed: int = 1) -> bool:
    """Run a protection's row without it; return whether the suite noticed."""
    copy = folder / mutation.name.replace(" ", "-")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=IGNORED)
        else:
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy / name)
    apply(mutation, copy)
    given = ("--rows", mutation.row, "--kills", str(mutation.kills), "--seed", str(seed), "--kafka", bootstrap)
    environment = {name: value for name, value in os.environ.items() if name not in OPTIONS}
    environment["TMPDIR"] = str(folder)  # what the run of a copy leaves goes with ours
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.chaos.signals", *given, "--jars", str(jars)],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    (folder / f"{copy.name}.txt").write_text(said)
    if done.returncode not in {0, 1} or (done.returncode == 1) != (VIOLATED in said):
        raise RuntimeError(f"{mutation.name}: the row could not be run:\n{said[-2_000:]}")
    return done.returncode == 1


def run_mutations(folder: Path, bootstrap: str, jars: Path, seed: int, names: str) -> int:
    """Try every mutation whose row is asked for, print a row for each; return the exit code."""
    missed = 0
    click.echo(f"each protection undone, seed {seed}; logs in {folder}")
    for mutation in MUTATIONS:
        if names and mutation.row not in names.split(","):
            continue
        began = time.monotonic()
        noticed = try_mutation(mutation, folder, bootstrap, jars, seed)
        missed += not noticed
        said = "noticed" if noticed else "NOT NOTICED"
        click.echo(f"23  {mutation.name:<58} row {mutation.row:<7} {time.monotonic() - began:4.0f} s  {said}")
    return int(missed > 0)
