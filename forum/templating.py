"""Templates whose constant parts are worked out once, when a template is compiled, instead of for each page.

Words that are to be translated, addresses, icons and static files are the same on every page in one language. A
`Templates` speaks one language, in which it also says dates.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import markupsafe
from babel.dates import format_date
from babel.support import NullTranslations
from flask import Flask, current_app
from flask.sansio.app import App
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from werkzeug.routing import Rule

# The part of `escape` in C, which hands back a plain string; a markupsafe without one is slower, not wrong.
_inner: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)
UNQUOTED = "!$'()*,/:;?@"
OPTIONS = {"_external", "_anchor", "_method", "_scheme"}  # what `url_for` takes beside the parts
WITH_CONTEXT = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
REMEMBERED = 2_000_000  # of pieces in each half; with what they are known by, twice as many
PLACE = re.compile(r"%\((\w+)\)s")
PART = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


class Sparing(CodeGenerator):
    """Writes code that escapes what it prints without wrapping each word: a page joins them anyhow."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Call what takes no context from Jinja as Python calls it: methods, macros and functions of ours."""
        is_jinjas = isinstance(node.node, nodes.Name) and node.node.name in WITH_CONTEXT
        self._is_plain = not is_jinjas
        super().visit_Call(node, frame, forward_caller=forward_caller)

    def write(self, x: str) -> None:
        """Write code; the beginning of a call is what `visit_Call` has decided."""
        if x == "context.call(" and self._is_plain:
            self._is_plain, x = False, "environment.called("
        super().write(x)

    _is_plain = False


class Module(Template):
    """A template; what it imports is made once, since no page here brings globals of its own."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The page. Everything that it was made of is let go at once.

        A macro of the page holds the page, and the page holds the macro. So all posts and people would wait for the garbage
        collector, which took a seventh of the time and stood still for 80 ms now and then.
        """
        context = self.new_context(dict(*args, **kwargs))
        try:
            return str(self.environment.concat(self.root_render_func(context)))
        except Exception:
            self.environment.handle_exception()
        finally:
            context.vars.clear()
            context.parent.clear()

    def _get_default_module(self, ctx: Any = None) -> Any:
        return super()._get_default_module(None)


class Templates(Environment):
    """Flask's environment of templates, with the constant calls folded."""

    locale = "en"
    translations = NullTranslations()
    code_generator_class = Sparing
    template_class = Module

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.flask = cast(Flask, app)  # which hands in itself, by the type of what it is made of
        self.filters |= {"_part": _part, "date": self.day, "moment": self.moment}
        self.globals |= {"asset": asset, "icon": icon, "_plural": self.plural, "_query": _query}
        self.globals["remembered"] = Pieces(REMEMBERED)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        # Jinja has no public place between parsing and compiling; its own extensions see tokens only.
        tree = super()._parse(source, name, filename)
        is_html = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        folded: nodes.Template = Folding(self, bool(is_html)).visit(tree)
        folded.set_environment(self)
        return folded

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What all templates know: one plain dictionary, which is copied for each page, as none brings its own."""
        return super().make_globals(d) if d else self.globals

    @staticmethod
    def called(
        function: Any, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any
    ) -> Any:
        """The result of a call that takes no context, nor what Jinja's code passes to make one."""
        return function(*args, **kwargs)

    @staticmethod
    def escaped(value: Any) -> str:
        """A value as HTML, for a place where words are joined."""
        kind = type(value)
        if kind is str:
            return _inner(value)
        return value if kind is Markup else str(value) if kind is int else escape(value)

    def plural(self, singular: str, plural: str, number: int) -> Markup:
        """The words for a number of things, in the language of these templates."""
        return Markup(self.translations.ungettext(singular, plural, number))

    def day(self, value: date) -> Markup:
        """A date in words, in a `<time>` element."""
        stamp = f"{value.isoformat()[:16]}Z" if isinstance(value, datetime) else value.isoformat()
        return Markup(f'<time datetime="{stamp}">{self._in_words(value)}</time>')

    def moment(self, value: datetime) -> Markup:
        """A date and time in UTC, in a `<time>` element; a script may shorten it."""
        # Each post has one: an element that Markup puts together from a pattern takes three times as long.
        words = f"{self._in_words(value)}, {value.hour:02}:{value.minute:02}"
        return Markup(f'<time datetime="{value.isoformat()[:16]}Z">{words}</time>')

    def _in_words(self, value: date) -> str:
        return _date_in_words(value.year, value.month, value.day, self.locale)


@lru_cache(maxsize=4_000)
def _date_in_words(year: int, month: int, day: int, locale: str) -> str:
    return str(escape(format_date(date(year, month, day), "d MMMM yyyy", locale)))


class Pieces:
    """What macros have printed, for the next page that asks for the same: `remembered(item, post, …)`.

    A piece is known by everything that it is made of: the macro, which must be imported without context, and its
    arguments, which must be values that never change (words, numbers, moments, tuples of such). So it cannot be out of
    date. Kept are those that were asked for lately: when the younger half is full, the older one is given up.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.young: dict[tuple[Any, ...], str] = {}
        self.old: dict[tuple[Any, ...], str] = {}

    def __call__(self, macro: Callable[..., str], *values: Any) -> str:
        """What the macro prints of these values."""
        key = (macro, *values)
        piece = self.young.get(key)
        if piece is None:
            piece = self.old.get(key) or macro(*values)
            self._keep(key, piece)
        return piece

    def _keep(self, key: tuple[Any, ...], piece: str) -> None:
        # Threads may do this at once: at worst a piece is counted twice or made again.
        if self.size > self.most:
            self.old, self.young, self.size = self.young, {}, 0
        self.young[key] = piece
        self.size += len(piece)


class _Kept(FileSystemBytecodeCache):
    """Compiled templates in files. A full disk is no reason to show no page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one if there is room."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def keep_compiled(app: Flask, folder: Path) -> None:
    """Keep compiled templates in a folder, so that the first page of a new process is not a slow one.

    To be called when an application is complete: its addresses and static files are in what is kept, so that
    others make other names.
    """
    folder.mkdir(mode=0o700, exist_ok=True)  # what lies there is run
    mark = _mark(app)
    for path in folder.glob("*.compiled"):
        if mark not in path.name:
            path.unlink(missing_ok=True)
    app.jinja_env.bytecode_cache = _Kept(str(folder), f"%s.{mark}.compiled")


def _mark(app: Flask) -> str:
    """A name for all that compiled templates hold beside their own source."""
    of_code = [sys.version, metadata.version("jinja2"), Path(__file__).read_text()]
    rules = sorted(f"{rule.endpoint} {rule.rule}" for rule in app.url_map.iter_rules())
    static = Path(app.static_folder or "")
    files = sorted(path.name + _version(str(static), path.name) for path in static.glob("*.*"))
    return sha256("\n".join([*of_code, *rules, *files]).encode()).hexdigest()[:16]


class Folding(NodeTransformer):
    """Puts the result in the place of a call whose arguments are constant, and a pattern where they are not."""

    def __init__(self, templates: Templates, is_html: bool) -> None:
        self.templates = templates
        self.is_html = is_html
        self.folds = {"_": self._words, "ngettext": self._plural, "url_for": self._address}
        self.folds |= {"icon": self._constant, "asset": self._constant}

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Fold the arguments first, then the call."""
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        is_known = node.dyn_args is None and node.dyn_kwargs is None
        fold = self.folds.get(name) if is_known else None
        return (fold(node) if fold else None) or node

    def visit_Output(self, node: nodes.Output) -> list[nodes.Stmt]:
        """Print a pattern piece by piece, and a choice as a choice, so that no whole has to be made first."""
        self.generic_visit(node)
        statements: list[nodes.Stmt] = []
        for child in node.nodes:
            if isinstance(child, nodes.CondExpr):
                statements.append(self._choice(child))
            elif statements and isinstance(statements[-1], nodes.Output):
                statements[-1].nodes.extend(_apart(child))
            else:
                statements.append(nodes.Output(_apart(child), lineno=node.lineno))
        return statements

    def _choice(self, node: nodes.CondExpr) -> nodes.Stmt:
        parts = [part for part in (node.expr1, node.expr2) if part is not None]
        outputs = [self.visit_Output(nodes.Output([part], lineno=node.lineno)) for part in parts]
        return nodes.If(node.test, outputs[0], [], outputs[1] if outputs[1:] else [])

    def _words(self, node: nodes.Call) -> nodes.Node | None:
        texts = _constants(node.args)
        if texts is None or not self.is_html:
            return None
        return _filled(nodes.Const(Markup(self.templates.translations.ugettext(*texts))), node)

    def _plural(self, node: nodes.Call) -> nodes.Node | None:
        if _constants(node.args[:2]) is None or not self.is_html:
            return None
        said = nodes.Call(nodes.Name("_plural", "load"), node.args, [], None, None)
        node.kwargs.append(nodes.Keyword("num", node.args[2]))
        return _filled(said, node)

    def _address(self, node: nodes.Call) -> nodes.Node | None:
        values = {keyword.key: keyword.value for keyword in node.kwargs}
        endpoint = _constants(node.args)
        rule = self._rule(endpoint[0], set(values)) if endpoint else None
        if rule is None:
            return None
        pieces = list(_pieces(rule.rule, values))
        rest = [nodes.Pair(nodes.Const(n), v) for n, v in values.items() if n not in rule.arguments]
        if rest:
            pieces.append(
                nodes.Call(nodes.Name("_query", "load"), [nodes.Dict(rest)], [], None, None)
            )
        return pieces[0] if len(pieces) == 1 else nodes.Concat(pieces)

    def _rule(self, endpoint: str, names: set[str]) -> Rule | None:
        """The address of an endpoint that has but one, when all its parts are given."""
        rules = list(self.templates.flask.url_map.iter_rules(endpoint))
        is_plain = len(rules) == 1 and not rules[0].defaults and not names & OPTIONS
        return rules[0] if is_plain and rules[0].arguments <= names else None

    def _constant(self, node: nodes.Call) -> nodes.Node | None:
        values = _constants(node.args)
        if values is None or node.kwargs or self.templates.flask.debug:
            return None
        call = {"icon": icon, "asset": asset}[node.node.name]  # type: ignore[attr-defined]  # a Name of the two
        with self.templates.flask.app_context():
            return nodes.Const(call(*values))


def _constants(arguments: list[nodes.Expr]) -> list[Any] | None:
    values = [argument.value for argument in arguments if isinstance(argument, nodes.Const)]
    return values if len(values) == len(arguments) else None


def _filled(words: nodes.Expr, node: nodes.Call) -> nodes.Node:
    """Words with their places filled in; `%%` is a per cent sign even where there is no place."""
    if not node.kwargs and isinstance(words, nodes.Const):
        return nodes.Const(words.value % {})
    pairs = [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
    return nodes.Mod(words, nodes.Dict(pairs))


def _apart(node: nodes.Expr) -> list[nodes.Expr]:
    """The pieces of a pattern whose words are known, for printing one after the other."""
    if isinstance(node, nodes.Concat):
        return list(node.nodes)
    if not isinstance(node, nodes.Mod) or not isinstance(node.left, nodes.Const):
        return [node]
    values = {pair.key.as_const(): pair.value for pair in node.right.items}  # type: ignore[attr-defined]  # a Dict of ours
    pieces = PLACE.split(node.left.value)
    if any("%" in piece.replace("%%", "") for piece in pieces[::2]):
        return [node]  # a place of another kind than `%(name)s`
    return [
        values[piece] if number % 2 else nodes.Const(Markup(piece.replace("%%", "%")))
        for number, piece in enumerate(pieces)
        if piece
    ]


def _pieces(rule: str, values: dict[str, nodes.Expr]) -> Iterator[nodes.Expr]:
    for number, piece in enumerate(PART.split(rule)):
        if number % 2:
            yield nodes.Filter(values[piece], "_part", [], [], None, None)
        elif piece:
            yield nodes.Const(piece)


def _part(value: Any) -> str:
    """A value as a part of an address."""
    return str(value) if isinstance(value, int) else _quoted(str(value))


@lru_cache(maxsize=2_000)
def _quoted(word: str) -> str:
    return quote(word, safe="!$&'()*+,/:;=@")


def _query(values: dict[str, Any]) -> str:
    """What follows the path, as Werkzeug writes it; a name without a value is left out."""
    said = [
        (name, str(one))
        for name, value in values.items()
        for one in (value if isinstance(value, list | tuple) else [value])
        if one is not None
    ]
    return f"?{urlencode(said, safe=UNQUOTED)}" if said else ""


def icon(name: str, flip: bool = False) -> Markup:
    """One icon from the sprite; always beside a word, or with a visually hidden one."""
    return _icon(asset("icons.svg"), name, flip)


@lru_cache(maxsize=500)
def _icon(sprite: str, name: str, flip: bool) -> Markup:
    use = Markup('<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>')
    return use.format(" flip" if flip else "", sprite, name)


def asset(name: str) -> str:
    """The address of a static file, which changes with its content so that it may be kept for ever."""
    version = (_version.__wrapped__ if current_app.debug else _version)(
        current_app.static_folder or "", name
    )
    return f"{current_app.static_url_path}/{name}?v={version}"


def is_current(name: str, version: str) -> bool:
    """Whether a static file has, at this moment, the content that an address with this version stands for."""
    return version == _version.__wrapped__(current_app.static_folder or "", name)


@cache
def _version(folder: str, name: str) -> str:
    path = Path(folder, name)
    return sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "0"
