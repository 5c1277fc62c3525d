"""Which code computed a number: version, fingerprint of the sources, versions of what they call."""

from __future__ import annotations

import hashlib
import platform
import re
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

#: Packages whose code decides numbers and verdicts.
_PACKAGES = ("eligibility", "imaging", "recist", "workup")


@cache
def software_lock() -> dict[str, Any]:
    """Version, hash over every source file, Python, and each run-time dependency's version."""
    return {
        "veinvasion": metadata.version("veinvasion"),
        "code_sha256": code_sha256(),
        "python": platform.python_version(),
        "dependencies": {name: _version(name) for name in run_time_dependencies()},
    }


@cache
def code_sha256() -> str:
    """Hash over the names and bytes of every ``.py`` file of the packages that compute."""
    total = hashlib.sha256()
    for package in _PACKAGES:
        spec = util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        root = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(root.rglob("*.py")):
            total.update(f"{package}/{path.relative_to(root).as_posix()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def run_time_dependencies() -> tuple[str, ...]:
    """Names of the distributions that veinvasion needs, without the extras."""
    requirements = metadata.requires("veinvasion") or []
    names = [re.split(r"[\s<>=!~;\[(]", r, maxsplit=1)[0] for r in requirements if "extra ==" not in r]
    return tuple(sorted(names, key=str.lower))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
