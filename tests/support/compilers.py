"""C compilers that do what a test wants."""

from pathlib import Path

__all__ = ["a_compiler"]


def a_compiler(folder: Path, script: str) -> str:
    """Write a compiler, and return the search path on which it is the only one."""
    compiler = folder / "bin" / "cc"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    return str(compiler.parent)
