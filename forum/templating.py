"""A Jinja environment that evaluates the constant parts of templates when they are compiled, not for each page.

Translated texts, addresses, icons and static files are the same on every page in one language. So there is a
`TemplateEnvironment` per language, which also formats dates; that of the application is the English one, and hands
over to the others.
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

from forum import locales
from forum.clock import last_day

# The C function behind `escape`, which returns a plain string; markupsafe without it is only slower
_escape_to_str: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)
QUERY_SAFE = "!$'()*,/:;?@"  # characters that Werkzeug does not quote in a query
URL_FOR_OPTIONS = {"_external", "_anchor", "_method", "_scheme"}  # parameters of `url_for` itself
# Functions that take Jinja's context as their first argument
CONTEXT_FUNCTIONS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
# Characters of output in each half of the cache; with the keys, it takes twice as many bytes
MACRO_CACHE_SIZE = 2_000_000
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
DAY_OF_MONTH = re.compile(r"^\d{1,2}\.? ")
RULE_VARIABLE = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


class PlainStringCodeGenerator(CodeGenerator):
    """Generates code that prints escaped plain strings; Jinja would wrap each in a `Markup`, only to join them."""

    _is_plain_call = False

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Call methods, macros and our own functions directly, because only Jinja's functions need `context.call`."""
        needs_context = isinstance(node.node, nodes.Name) and node.node.name in CONTEXT_FUNCTIONS
        self._is_plain_call = not needs_context
        super().visit_Call(node, frame, forward_caller=forward_caller)

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        """Look up an imported template by its name only; Jinja would look for its file's template on each page."""
        if node.with_context or not isinstance(node.template, nodes.Const):
            super()._import_common(node, frame)
        else:
            self.write(f"environment.imported({node.template.value!r})")

    def write(self, x: str) -> None:
        """Write code, with the beginning of a call as `visit_Call` has decided."""
        if x == "context.call(" and self._is_plain_call:
            self._is_plain_call, x = False, "environment.called("
        super().write(x)


class ReleasingTemplate(Template):
    """A template that frees all objects of a page at once, and evaluates the templates that it imports only once."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Render the page, then clear its context.

        Macros of the page refer to the context, and the context to the macros. Without this, all posts and members of
        a page would wait for the garbage collector, which took a seventh of the time and sometimes paused for 80 ms.
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
        return super()._get_default_module(None)  # pages have no globals of their own


class TemplateEnvironment(Environment):
    """Flask's Jinja environment for one language, with constant calls folded.

    The environment of the application is asked for all templates. It returns those of the environment in
    `wanted_locale()`, the language of the reader.
    """

    locale = locales.SOURCE
    translations = NullTranslations()
    wanted_locale: Callable[[], str] = staticmethod(lambda: locales.SOURCE)
    code_generator_class = PlainStringCodeGenerator
    template_class = ReleasingTemplate

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        # Flask passes itself, but declares the type of its base class
        self.flask = cast(Flask, app)
        self.filters["_address_part"] = _address_part
        self.globals |= {"asset": asset, "icon": icon, "_query": _query}
        self.globals["remembered"] = MacroCache(MACRO_CACHE_SIZE)
        self._name_own_parts()
        self.by_locale: dict[str, TemplateEnvironment] = {self.locale: self}

    def _name_own_parts(self) -> None:
        """Add the functions that depend on the language."""
        self.modules: dict[str, Any] = {}
        own = {
            "date": self.day,
            "last_day": self.last_day,
            "moment": self.moment,
            "exactly": self.exactly,
        }
        self.filters = self.filters | own
        self.globals = self.globals | {
            "_plural": self.plural,
            "page_locale": self.locale,
            "page_language": locales.tag(self.locale),
            "page_direction": "rtl" if locales.is_leftward(self.locale) else "ltr",
        }

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002  # as Jinja calls it
        """A template in the language of the reader; one that another (`parent`) includes or imports is in the language of that."""
        locale = self.locale if parent else self.wanted_locale()
        if locale == self.locale:
            return super().get_template(name, parent, globals)
        other = self.by_locale.get(locale) or self._add_locale(locale)
        return other.get_template(name, parent, globals)

    def _add_locale(self, locale: str) -> TemplateEnvironment:
        """Create this environment in another language, with everything that the application has added to this one."""
        other = self.overlay()
        other.locale, other.translations = locale, locales.translations(locale)
        other._name_own_parts()
        if isinstance(self.bytecode_cache, _ForgivingBytecodeCache):
            other.bytecode_cache = self.bytecode_cache.for_locale(locale)
        self.by_locale[locale] = other
        return other

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        # Jinja has no public hook between parsing and compiling; its extensions see tokens only.
        tree = super()._parse(source, name, filename)
        is_html = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        folded: nodes.Template = ConstantFolder(self, bool(is_html)).visit(tree)
        folded.set_environment(self)
        return folded

    def imported(self, name: str) -> Any:
        """The exports of a template that others import without context; evaluated once, unless templates are reloaded."""
        module = None if self.auto_reload else self.modules.get(name)
        if module is None:
            self.modules[name] = module = super().get_template(name)._get_default_module()
        return module

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template: unless it has its own, one plain dict, which is copied faster than a ChainMap."""
        return super().make_globals(d) if d else self.globals

    @staticmethod
    def called(
        function: Any, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any
    ) -> Any:
        """Call a function without Jinja's context; drops the keyword arguments that Jinja adds for it."""
        return function(*args, **kwargs)

    @staticmethod
    def escaped(value: Any) -> str:
        """A value as escaped HTML, as a plain string wherever that is faster."""
        kind = type(value)
        if kind is str:
            return _escape_to_str(value)
        return value if kind is Markup else str(value) if kind is int else escape(value)

    def plural(self, singular: str, plural: str, number: int) -> Markup:
        """The translation for a number of things."""
        return Markup(self.translations.ungettext(singular, plural, number))

    def day(self, value: date, *, in_link: bool = False) -> Markup:
        """
        A date in words, in a `<time>` element.

        In a link it has no role of its own: Orca would read it apart, as one more link.
        """
        stamp = f"{value.isoformat()[:16]}Z" if isinstance(value, datetime) else value.isoformat()
        return Markup(f'<time datetime="{stamp}"{_PLAIN[in_link]}>{self._in_words(value)}</time>')

    def last_day(self, end: datetime) -> Markup:
        """The last day of something that ends at a moment, as a date."""
        return self.day(last_day(end))

    def moment(self, value: datetime) -> Markup:
        """A date and time in UTC, in a `<time>` element; a script converts it to local or relative time."""
        # Each post has one: formatting a Markup pattern takes three times as long.
        words = f"{self._in_words(value)}, {value.hour:02}:{value.minute:02} UTC"
        return Markup(f'<time datetime="{value.isoformat()[:16]}Z">{words}</time>')

    def exactly(self, value: datetime) -> Markup:
        """A date and time to the second, which no script makes relative, because it distinguishes two versions."""
        words = f"{self._in_words(value)}, {value:%H:%M:%S}\N{NO-BREAK SPACE}UTC"
        return Markup(f'<time datetime="{value:%Y-%m-%dT%H:%M:%S}Z">{words}</time>')

    def _in_words(self, value: date) -> str:
        return _date_in_words(value.year, value.month, value.day, self.locale)


_PLAIN = {False: "", True: ' role="none"'}


@lru_cache(maxsize=4_000)
def _date_in_words(year: int, month: int, day: int, locale: str) -> str:
    words = format_date(date(year, month, day), locales.date_pattern(locale), locale)
    return str(escape(DAY_OF_MONTH.sub(_in_one_piece, words)))


def _in_one_piece(words: re.Match[str]) -> str:
    """Words with no-break spaces, so that a day stays on the line of its month."""
    return words[0].replace(" ", "\N{NO-BREAK SPACE}")


class MacroCache:
    """A cache for the output of macros: `remembered(item, post, …)` in a template instead of `item(post, …)`.

    The key is everything on which the output depends: the macro, which must be imported without context, and its
    arguments, which must be immutable (strings, numbers, datetimes, tuples of such). So an entry is never outdated.
    Recently used entries are kept: once the young generation has `max_size` characters it becomes the old one, and
    the former old one is dropped.
    """

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.size = 0
        self.young: dict[tuple[Any, ...], str] = {}
        self.old: dict[tuple[Any, ...], str] = {}

    def __call__(self, macro: Callable[..., str], *values: Any) -> str:
        """The output of the macro for these arguments."""
        key = (macro, *values)
        output = self.young.get(key)
        if output is None:
            output = self.old.get(key) or macro(*values)
            self._store(key, output)
        return output

    def _store(self, key: tuple[Any, ...], output: str) -> None:
        # Not locked: at worst, two threads count an entry twice or render it twice.
        if self.size > self.max_size:
            self.old, self.young, self.size = self.young, {}, 0
        self.young[key] = output
        self.size += len(output)


class _ForgivingBytecodeCache(FileSystemBytecodeCache):
    """Compiled templates in files, which are optional: on a full disk pages are still shown."""

    def for_locale(self, locale: str) -> _ForgivingBytecodeCache:
        """The cache for templates in another language, in files with other names."""
        return _ForgivingBytecodeCache(
            self.directory, self.pattern.replace("%s.", f"%s.{locale}.", 1)
        )

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a compiled template if that is possible."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def cache_bytecode(app: Flask, folder: Path) -> None:
    """Keep compiled templates and catalogues in a folder, so that the first page of a new process is as fast as any other.

    Call it when an application is complete, because its URL map and static files are compiled into the templates.
    Files of other versions are deleted.
    """
    folder.mkdir(mode=0o700, exist_ok=True)  # its files are executed
    fingerprint = _fingerprint(app)
    for path in folder.glob("*.compiled"):
        if fingerprint not in path.name:
            path.unlink(missing_ok=True)
    pattern = f"%s.{fingerprint}.compiled"
    locales.keep_compiled(folder)
    app.jinja_env.bytecode_cache = _ForgivingBytecodeCache(str(folder), pattern)


def _fingerprint(app: Flask) -> str:
    """A hash of everything that compiled templates depend on, apart from their own source."""
    compiler = [sys.version, metadata.version("jinja2"), Path(__file__).read_text()]
    compiler.append(locales.fingerprint())
    rules = sorted(f"{rule.endpoint} {rule.rule}" for rule in app.url_map.iter_rules())
    static = Path(app.static_folder or "")
    files = sorted(path.name + _version(str(static), path.name) for path in static.glob("*.*"))
    return sha256("\n".join([*compiler, *rules, *files]).encode()).hexdigest()[:16]


class ConstantFolder(NodeTransformer):
    """Replaces a call with constant arguments by its result, and one with variable arguments by a format string.

    `_("Hello")` becomes its translation, as does `pgettext("context", "Hello")`; `_("Hello %(name)s", name=me.name)`
    becomes the translated string and `%`, and `url_for("topic", id=topic.id)` a concatenation of the parts of its
    path.
    """

    def __init__(self, templates: TemplateEnvironment, is_html: bool) -> None:
        self.templates = templates
        self.is_html = is_html
        self.folds = {
            "_": self._fold_gettext,
            "pgettext": self._fold_gettext,
            "ngettext": self._plural,
            "url_for": self._fold_url_for,
        }
        self.folds |= {"icon": self._fold_constant, "asset": self._fold_constant}

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Fold the arguments, then the call; a call with `*args` or `**kwargs` is left unchanged."""
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        is_static = node.dyn_args is None and node.dyn_kwargs is None
        fold = self.folds.get(name) if is_static else None
        return (fold(node) if fold else None) or node

    def visit_Output(self, node: nodes.Output) -> list[nodes.Stmt]:
        """Print a format string piece by piece, and a conditional expression as `if`, instead of building a whole string first."""
        self.generic_visit(node)
        statements: list[nodes.Stmt] = []
        for child in node.nodes:
            if isinstance(child, nodes.CondExpr):
                statements.append(self._conditional(child))
            elif statements and isinstance(statements[-1], nodes.Output):
                statements[-1].nodes.extend(_split_pattern(child))
            else:
                statements.append(nodes.Output(_split_pattern(child), lineno=node.lineno))
        return statements

    def _conditional(self, node: nodes.CondExpr) -> nodes.Stmt:
        parts = [part for part in (node.expr1, node.expr2) if part is not None]
        outputs = [self.visit_Output(nodes.Output([part], lineno=node.lineno)) for part in parts]
        return nodes.If(node.test, outputs[0], [], outputs[1] if outputs[1:] else [])

    def _fold_gettext(self, node: nodes.Call) -> nodes.Node | None:
        texts = _constants(node.args)
        if texts is None or not self.is_html:
            return None
        translations = self.templates.translations
        in_context = isinstance(node.node, nodes.Name) and node.node.name == "pgettext"
        translate = translations.upgettext if in_context else translations.ugettext
        return _interpolated(nodes.Const(Markup(translate(*texts))), node)

    def _plural(self, node: nodes.Call) -> nodes.Node | None:
        if _constants(node.args[:2]) is None:
            return None
        number = nodes.Filter(node.args[2], "counted", [], [], None, None)
        node.kwargs.append(nodes.Keyword("num", number))
        if not self.is_html:  # a letter in plain text
            return None
        translation = nodes.Call(nodes.Name("_plural", "load"), node.args, [], None, None)
        return _interpolated(translation, node)

    def _fold_url_for(self, node: nodes.Call) -> nodes.Node | None:
        values = {keyword.key: keyword.value for keyword in node.kwargs}
        endpoint = _constants(node.args)
        rule = self._rule(endpoint[0], set(values)) if endpoint else None
        if rule is None:
            return None
        pieces = list(_address_pieces(rule.rule, values))
        rest = [nodes.Pair(nodes.Const(n), v) for n, v in values.items() if n not in rule.arguments]
        if rest:
            query = nodes.Name("_query", "load")
            pieces.append(nodes.Call(query, [nodes.Dict(rest)], [], None, None))
        return pieces[0] if len(pieces) == 1 else nodes.Concat(pieces)

    def _rule(self, endpoint: str, names: set[str]) -> Rule | None:
        """The only URL rule of an endpoint, if values with these names fill all its variables; else None."""
        rules = list(self.templates.flask.url_map.iter_rules(endpoint))
        is_simple = len(rules) == 1 and not rules[0].defaults and not names & URL_FOR_OPTIONS
        return rules[0] if is_simple and rules[0].arguments <= names else None

    def _fold_constant(self, node: nodes.Call) -> nodes.Node | None:
        values = _constants(node.args)
        if values is None or node.kwargs or self.templates.flask.debug:
            return None
        call = {"icon": icon, "asset": asset}[node.node.name]  # type: ignore[attr-defined]  # a Name of the two
        with self.templates.flask.app_context():
            return nodes.Const(call(*values))


def _constants(arguments: list[nodes.Expr]) -> list[Any] | None:
    """The values of arguments that are all constant; else None."""
    values = [argument.value for argument in arguments if isinstance(argument, nodes.Const)]
    return values if len(values) == len(arguments) else None


def _interpolated(text: nodes.Expr, node: nodes.Call) -> nodes.Node:
    """A text `%` the keyword arguments of a call; without arguments it is evaluated at once, so that `%%` becomes `%`."""
    if not node.kwargs and isinstance(text, nodes.Const):
        return nodes.Const(text.value % {})
    pairs = [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
    return nodes.Mod(text, nodes.Dict(pairs))


def _split_pattern(node: nodes.Expr) -> list[nodes.Expr]:
    """The pieces of a concatenation or of a constant format string, to be printed one after the other."""
    if isinstance(node, nodes.Concat):
        return list(node.nodes)
    if not isinstance(node, nodes.Mod) or not isinstance(node.left, nodes.Const):
        return [node]
    values = {pair.key.as_const(): pair.value for pair in node.right.items}  # type: ignore[attr-defined]  # a Dict of ours
    pieces = PLACEHOLDER.split(node.left.value)
    if any("%" in piece.replace("%%", "") for piece in pieces[::2]):
        return [node]  # it has a placeholder other than `%(name)s`
    return [
        values[piece] if number % 2 else nodes.Const(Markup(piece.replace("%%", "%")))
        for number, piece in enumerate(pieces)
        if piece
    ]


def _address_pieces(rule: str, values: dict[str, nodes.Expr]) -> Iterator[nodes.Expr]:
    """The parts of a URL rule: constants, and the values of its variables."""
    for number, piece in enumerate(RULE_VARIABLE.split(rule)):
        if number % 2:
            yield nodes.Filter(values[piece], "_address_part", [], [], None, None)
        elif piece:
            yield nodes.Const(piece)


def _address_part(value: Any) -> str:
    """A value, quoted for the path of an address."""
    return str(value) if isinstance(value, int) else _quoted(str(value))


@lru_cache(maxsize=2_000)
def _quoted(text: str) -> str:
    return quote(text, safe="!$&'()*+,/:;=@")


def _query(values: dict[str, Any]) -> str:
    """The query of an address as Werkzeug writes it, including `?`; names whose value is None are left out."""
    pairs = [
        # Most values are numbers, which need no quoting
        f"{name}={item}" if type(item) is int else urlencode({name: str(item)}, safe=QUERY_SAFE)
        for name, value in values.items()
        for item in (value if isinstance(value, list | tuple) else [value])
        if item is not None
    ]
    return f"?{'&'.join(pairs)}" if pairs else ""


def icon(name: str, flip: bool = False) -> Markup:
    """An icon from the sprite, mirrored if `flip`. It has no text: put it beside a word, which may be visually hidden."""
    return _icon(asset("icons.svg"), name, flip)


@lru_cache(maxsize=500)
def _icon(sprite: str, name: str, flip: bool) -> Markup:
    use = Markup('<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>')
    return use.format(" flip" if flip else "", sprite, name)


def asset(name: str) -> str:
    """The address of a static file with a hash of its content, so that browsers may cache it for ever."""
    find = _version.__wrapped__ if current_app.debug else _version
    version = find(current_app.static_folder or "", name)
    return f"{current_app.static_url_path}/{name}?v={version}"


def is_current(name: str, version: str) -> bool:
    """Whether a version, from the address of a static file, is that of the file's present content."""
    return version == _version.__wrapped__(current_app.static_folder or "", name)


@cache
def _version(folder: str, name: str) -> str:
    """A hash of a static file's content; "0" if there is no such file."""
    path = Path(folder, name)
    return sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "0"
