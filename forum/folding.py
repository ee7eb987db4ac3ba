"""Folding the constant parts of templates: what is the same on every page is evaluated when a template is compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup
from werkzeug.routing import Rule

from forum.assets import asset, icon

if TYPE_CHECKING:
    from forum.templating import TemplateEnvironment

QUERY_SAFE = "!$'()*,/:;?@"  # characters that Werkzeug does not quote in a query
URL_FOR_OPTIONS = {"_external", "_anchor", "_method", "_scheme"}  # parameters of `url_for` itself
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# Words of the interface after whose hyphen no line ends: “e-mail”, and of French “marque-page”, “est-ce”, “celle-ci”,
# “jusque-là”, “envoyez-le” and “dites-le-nous”
BREAKABLE = re.compile(
    r"\b[eE]-(?=mail)|\b[mM]arque-(?=page)|\b(?:[qQ]u’)?[eE]st-(?=(?:ce|ils?|elles?)\b)|\b[cC]el(?:ui|les?)-(?=(?:ci|là)\b)"
    r"|(?:\bjour|usque)-(?=là\b)|\w(?:ez|ites)-(?=(?:l[ae]|les|lui|leur|en|moi|nous|vous)\b)|(?<=-)l[ae]s?-(?=nous\b)"
)
RULE_VARIABLE = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


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
        return _interpolated(nodes.Const(Markup(unbroken(translate(*texts)))), node)

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


def unbroken(message: str) -> str:
    """A message of a page, with hyphens at which no line ends in words that the interface has often."""
    return BREAKABLE.sub(lambda word: f"{word[0][:-1]}\N{NON-BREAKING HYPHEN}", message)


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


def address_part(value: Any) -> str:
    """A value, quoted for the path of an address."""
    return str(value) if isinstance(value, int) else _quoted(str(value))


@lru_cache(maxsize=2_000)
def _quoted(text: str) -> str:
    return quote(text, safe="!$&'()*+,/:;=@")


def query_of(values: dict[str, Any]) -> str:
    """The query of an address as Werkzeug writes it, including `?`; names whose value is None are left out."""
    pairs = [
        # Most values are numbers, which need no quoting
        f"{name}={item}" if type(item) is int else urlencode({name: str(item)}, safe=QUERY_SAFE)
        for name, value in values.items()
        for item in (value if isinstance(value, list | tuple) else [value])
        if item is not None
    ]
    return f"?{'&'.join(pairs)}" if pairs else ""
