"""Static files: their addresses, which change with their content, and the icons in one of them."""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from flask import current_app
from markupsafe import Markup


def icon(name: str, flip: bool = False) -> Markup:
    """An icon from the sprite, mirrored if `flip`. It has no text: put it beside a word, which may be visually hidden."""
    return _icon(asset("icons.svg"), name, flip)


@lru_cache(maxsize=500)
def _icon(sprite: str, name: str, flip: bool) -> Markup:
    use = Markup('<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>')
    return use.format(" flip" if flip else "", sprite, name)


def asset(name: str) -> str:
    """The address of a static file with a hash of its content, so that browsers may cache it for ever."""
    find = version_of.__wrapped__ if current_app.debug else version_of
    version = find(current_app.static_folder or "", name)
    return f"{current_app.static_url_path}/{name}?v={version}"


def is_current(name: str, version: str) -> bool:
    """Whether a version, from the address of a static file, is that of the file's present content."""
    return version == version_of.__wrapped__(current_app.static_folder or "", name)


@cache
def version_of(folder: str, name: str) -> str:
    """A hash of a static file's content; "0" if there is no such file."""
    path = Path(folder, name)
    return sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "0"
