"""Build static/icons.svg from the folder of the installed package lucide-static (`make icons`)."""

import re
import sys
from pathlib import Path

ICONS = """
arrow-up-right badge-check bell bell-off bold bookmark check chevron-left chevron-right chevrons-left
chevrons-right circle-check-big clock code copy ellipsis eye eye-off flag funnel gavel history
image info italic key-round languages lightbulb link link-2 list list-ordered lock lock-open log-out
mail message-circle message-circle-question-mark move-right pencil pin pin-off plus quote
reply rss search settings shield star table trash-2 triangle-alert user users vote x
"""

STATIC = Path(__file__).resolve().parent.parent / "static"
HEAD = (
    "Lucide icons {version}; their licences (ISC, MIT) are in icons.LICENSE.txt beside this file."
)


def main(package: Path) -> None:
    """Write the sprite and, beside it, the licences of its icons."""
    symbols = "\n".join(symbol(name, package / "icons" / f"{name}.svg") for name in ICONS.split())
    head = f"<!-- {HEAD.format(version=version(package))} -->"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">\n{head}\n{symbols}\n</svg>\n'
    (STATIC / "icons.svg").write_text(svg, encoding="utf-8")
    (STATIC / "icons.LICENSE.txt").write_bytes((package / "LICENSE").read_bytes())


def symbol(name: str, file: Path) -> str:
    """The shapes of one icon without the outer element, whose stroke the stylesheet sets."""
    source = file.read_text(encoding="utf-8")
    shapes = re.sub(r"\s*/>", "/>", " ".join(source.partition("<svg")[2].split()))
    inner = shapes.partition(">")[2].removesuffix("</svg>").replace("> <", "><").strip()
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{inner}</symbol>'


def version(package: Path) -> str:
    """The package's version, so that one sees in the sprite how old it is."""
    found = re.search(r'"version": "([^"]+)"', (package / "package.json").read_text("utf-8"))
    return found[1] if found else "of unknown version"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
