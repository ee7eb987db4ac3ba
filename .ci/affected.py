"""Which tests a change is likely to break: prints their paths (`make affected`).

The change is all that the branch main does not have yet; on main what is not committed, or else the last commit. A module stands
for the tests of its room or tool, and for those of the rooms that import it directly; a template for those of its room. That
finds most faults in a fraction of the time, but not all of them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from grimp import ImportGraph, build_graph

TOP = Path(__file__).resolve().parent.parent
TESTS = TOP / "tests"
# What every change may break, and is soon tried: the rules of the house, its rights and its documents
ALWAYS = ("house", "permissions", "docs")
# A change of these may break any test
OF_ALL = ("pyproject.toml", "requirements-dev.txt", "tests/conftest.py", "tests/datasets.py")


def main() -> None:
    """Print the paths of the affected tests, for the command line of pytest."""
    sys.path.insert(0, str(TOP))  # so that grimp finds the forum
    paths = affected(changed_files(), build_graph("forum", cache_dir=None))
    sys.stdout.write(" ".join(sorted(paths)) + "\n")


def changed_files() -> list[str]:
    """The paths of the changed files, from the top of the repository."""
    (base,) = _git("merge-base", "HEAD", "main") or ["HEAD"]
    changed = _git("diff", "--name-only", base)
    changed += _git("ls-files", "--others", "--exclude-standard")
    return changed or _git("diff", "--name-only", "HEAD~1")


def _git(*words: str) -> list[str]:
    """The lines that git prints; none if it does not know what it is asked about, such as a branch."""
    told = subprocess.run(["git", *words], cwd=TOP, capture_output=True, text=True)  # noqa: S603, S607, PLW1510  # fixed words
    return told.stdout.splitlines()


def affected(changed: Iterable[str], graph: ImportGraph) -> set[str]:
    """The paths of the tests for changed files, from the top of the repository."""
    paths = [Path(path) for path in changed]
    if any(str(path) in OF_ALL for path in paths):
        return {"tests"}
    subjects = {*ALWAYS}
    for path in paths:
        match path.parts:
            case ("forum", *_) if path.suffix == ".py":
                subjects |= _subjects_of(module_of(path), graph)
            case ("templates" | "forum" as top, folder, *_):
                subjects |= {folder if top == "templates" else "locales"}
            case ("migrations", *_):
                subjects |= {"migrations"}
            case _:
                pass
    found = {path for subject in subjects for path in _tests_of(subject)}
    return found | {path for changed in paths for path in _tests_with(changed)}


def module_of(path: Path) -> str:
    """The dotted name of a module from the path of its file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _subjects_of(module: str, graph: ImportGraph) -> set[str]:
    """The room or tool of a module, and of those that import it directly."""
    known = {module} & graph.modules
    users = {user for name in known for user in graph.find_modules_that_directly_import(name)}
    return {name.split(".")[1] for name in {module, *users} if "." in name}


def _tests_of(subject: str) -> list[str]:
    """The folder or the file with the tests of a room or tool, as far as there is one."""
    places = (TESTS / subject, TESTS / f"test_{subject}.py")
    return [str(place.relative_to(TOP)) for place in places if place.exists()]


def _tests_with(changed: Path) -> list[str]:
    """A changed file of tests itself, or the files of tests that import a changed helper."""
    if changed.parts[0] != "tests" or changed.suffix != ".py" or not (TOP / changed).exists():
        return []
    if changed.stem.startswith("test_"):
        return [str(changed)]
    if changed.stem == "conftest":
        return [str(changed.parent)]
    written = f"from {module_of(changed)} import"
    users = (path for path in TESTS.rglob("test_*.py") if written in path.read_text())
    return [str(path.relative_to(TOP)) for path in users]


if __name__ == "__main__":
    main()
