"""Build static/fonts.css and static/fonts from the installed packages of the typefaces (`make fonts`)."""

import re
import shutil
import sys
from pathlib import Path

SHEETS = ("literata/opsz.css", "literata/wght-italic.css", "public-sans/index.css")
STATIC = Path(__file__).resolve().parent.parent / "static"


def main(packages: Path) -> None:
    """Copy the files of each typeface with their licences and write the stylesheet that names them."""
    folder = STATIC / "fonts"
    folder.mkdir(exist_ok=True)
    rules = [face for sheet in SHEETS for face in faces(packages / sheet, folder)]
    (STATIC / "fonts.css").write_text("".join(rules), encoding="utf-8")


def faces(sheet: Path, folder: Path) -> list[str]:
    """The rules of one sheet, pointed at our folder; the page never waits for a typeface."""
    for file in sheet.parent.joinpath("files").glob("*.woff2"):
        shutil.copy(file, folder)
    shutil.copy(sheet.parent / "LICENSE", folder / f"{sheet.parent.name}.LICENSE.txt")
    source = sheet.read_text(encoding="utf-8").replace("./files/", "fonts/")
    source = source.replace(" Variable'", "'").replace(
        "font-display: swap", "font-display: optional"
    )
    return re.findall(r"@font-face \{.*?\}\n", source, re.DOTALL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
