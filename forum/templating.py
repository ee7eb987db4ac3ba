"""A Jinja environment that evaluates the constant parts of templates when they are compiled, not for each page.

Translated texts, addresses, icons and static files are the same on every page in one language. So there is a
`TemplateEnvironment` per language, which also formats dates; that of the application is the English one, and hands
over to the others.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import markupsafe
from babel.support import NullTranslations
from flask import Flask
from flask.sansio.app import App
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup, escape

from forum import folding, locales
from forum.assets import asset, icon, version_of
from forum.clock import last_day
from forum.folding import ConstantFolder, address_part, query_of, unbroken

# The C function behind `escape`, which returns a plain string; markupsafe without it is only slower
_escape_to_str: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)
# Functions that take Jinja's context as their first argument
CONTEXT_FUNCTIONS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
# In the context of a page: all contexts that were made for it
MADE = "_contexts_made"
# Characters of output in each half of the cache; with the keys, it takes twice as many bytes
MACRO_CACHE_SIZE = 2_000_000
DAY_OF_MONTH = re.compile(r"^\d{1,2}(?:\.|er)? ")
_PLAIN = {False: "", True: ' role="none"'}


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
        """Render the page, then clear its context, and those of what it includes or imports with its context.

        Macros of the page refer to the context, and the context to the macros. Without this, all posts and members of
        a page would wait for the garbage collector, which took a seventh of the time and sometimes paused for 80 ms.
        With some hundreds of rows, Python 3.11 crashed when it collected them.
        """
        made: list[Context] = []
        context = self.new_context({**dict(*args, **kwargs), MADE: made})
        try:
            return str(self.environment.concat(self.root_render_func(context)))
        except Exception:
            self.environment.handle_exception()
        finally:
            for context in made:
                context.vars.clear()
                context.parent.clear()

    def new_context(
        self,
        vars: dict[str, Any] | None = None,  # noqa: A002  # as Jinja calls it
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,  # noqa: A002  # as above
    ) -> Context:
        """A new context, which the page that it is for clears."""
        context = super().new_context(vars, shared, locals)
        if vars and MADE in vars:
            vars[MADE].append(context)
        return context

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
        self.filters["_address_part"] = address_part
        self.globals |= {"asset": asset, "icon": icon, "_query": query_of}
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
        return Markup(unbroken(self.translations.ungettext(singular, plural, number)))

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


@lru_cache(maxsize=4_000)
def _date_in_words(year: int, month: int, day: int, locale: str) -> str:
    words = locales.day_in_words(date(year, month, day), locale)
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
    compiler = [sys.version, metadata.version("jinja2"), locales.fingerprint()]
    compiler += [Path(file).read_text() for file in (__file__, folding.__file__)]
    rules = sorted(f"{rule.endpoint} {rule.rule}" for rule in app.url_map.iter_rules())
    static = Path(app.static_folder or "")
    files = sorted(path.name + version_of(str(static), path.name) for path in static.glob("*.*"))
    return sha256("\n".join([*compiler, *rules, *files]).encode()).hexdigest()[:16]
