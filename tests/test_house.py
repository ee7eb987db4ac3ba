"""The rules of the codebase that import contracts cannot check."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.metadata import packages_distributions
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import brotli
import pytest
from flask import Flask
from jinja2 import Environment
from jinja2 import nodes as template
from rjsmin import jsmin
from sqlalchemy import Integer

from forum.columns import Base
from forum.queue import queries as queue

TOP = Path(__file__).parent.parent
ROOMS = sorted(path.parent for path in (TOP / "forum").glob("*/__init__.py"))
KINDS = {"__init__", "models", "queries", "actions", "forms", "views", "commands"}
TEMPLATES = sorted((TOP / "templates").rglob("*.*"))
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
EXTENSIONS = ["jinja2.ext.i18n", "jinja2.ext.do"]
SHARED_TEMPLATES = {"errors", "macros"}
MAX_LINES = 1_000  # lines of a file
# What moderators decide about: the table to which `item_id` refers, by the kind beside it
TABLES_OF_KINDS = {
    **{kind: kind for kind in ("post", "topic", "case", "practice", "member", "mark", "held")},
    **{kind: kind for kind in ("commitment", "translation", "candidate", "appeal")},
    "followup": "follow_up",
    "letter": "contact_letter",
    "reservation": "signature",
    "proposal": "glossary_proposal",
}
# Tables whose rows are emptied, never deleted; the others must not reuse ids in SQLite
NEVER_DELETED = (
    *("post", "topic", "case", "practice", "member", "decision", "appeal"),
    *("agenda", "statement", "theme", "organisation", "reading", "city"),
)
# Columns with the id of a row that are no foreign keys, and the tables of those rows
ROWS_KNOWN_BY_NUMBER = {
    "item_id": {
        *("agenda", "statement", "theme", "organisation", "reading", "city"),
        "glossary_entry",
    },
    "subject_id": {"agenda", "topic", "city", "theme", "member"},
    "agenda_id": {"agenda"},
    "topic_id": {"topic"},
    "post_id": {"post"},
    "rule_id": {"screening_rule"},
    "decision_id": {"decision"},
    "parent_id": set(),  # documents, which are deleted together with their parents
}


def modules(kind: str) -> list[Path]:
    """The files of one kind in all rooms: `actions.py`, or the files in a folder `actions`."""
    found = sorted(
        path
        for room in ROOMS
        for path in (room / f"{kind}.py", *(room / kind).glob("*.py"))
        if path.exists()
    )
    assert found, f"no room has {kind}"
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(TOP / "forum"))


def is_inner(path: Path) -> bool:
    """Whether only its own folder may use a file (its name begins with an underscore)."""
    return path.stem.startswith("_") and path.stem != "__init__"


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file; cached, because most tests of this file read all of them."""
    return ast.parse(path.read_text())


@cache
def all_nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@cache
def template_tree(path: Path) -> template.Template:
    return Environment(extensions=EXTENSIONS).parse(path.read_text())


def teardown_module() -> None:
    """The tests of other files need the memory."""
    for parsed in (tree_of, all_nodes, template_tree):
        parsed.cache_clear()


def nodes(path: Path, kind: type[ast.AST] = ast.AST) -> Iterator[ast.AST]:
    return (node for node in all_nodes(path) if isinstance(node, kind))


def calls(path: Path) -> Iterator[str]:
    for node in nodes(path, ast.Call):
        yield ast.unparse(node.func)  # type: ignore[attr-defined]


def public_functions(path: Path) -> list[ast.FunctionDef]:
    body = tree_of(path).body
    return [n for n in body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]


def test_a_room_has_no_other_kind_of_file() -> None:
    for room in ROOMS:
        kinds = [path for path in room.glob("*") if path.suffix == ".py" or [*path.glob("*.py")]]
        assert {path.stem for path in kinds} <= KINDS, room.name
        assert len({path.stem for path in kinds}) == len(kinds), f"{room.name}: a file or a folder"


def test_no_file_is_too_long() -> None:
    """A file that grows too long becomes a folder of that name, and a test file several files."""
    for path in (*(TOP / "forum").rglob("*.py"), *(TOP / "tests").rglob("*.py")):
        assert len(path.read_text().splitlines()) <= MAX_LINES, path


def test_a_folder_offers_what_its_first_file_names() -> None:
    """Other rooms use `forum.dialogue.actions`, and do not depend on the files in it."""
    folders = [path.parent for kind in KINDS for path in modules(kind) if path.parent.name in KINDS]
    inner = {f"forum.{name_of(folder).replace('/', '.')}": folder for folder in folders}
    for path in (TOP / "forum").rglob("*.py"):
        for node in nodes(path, ast.ImportFrom):
            package = (node.module or "").rpartition(".")[0]  # type: ignore[attr-defined]
            assert package not in inner or path.parent == inner[package], f"{path}: {package}"


def test_a_folder_offers_nothing_that_nobody_uses() -> None:
    """Its `__init__.py` lists what other rooms use, so that readers know that all else is only used inside."""
    code = [path for part in ("forum", "tests") for path in (TOP / part).rglob("*.py")]
    files = [*code, TOP / "migrations/env.py", *(TOP / "docs").glob("*.md")]
    words = {path: set(re.findall(r"\w+", path.read_text())) for path in files}
    for first in (TOP / "forum").glob("*/*/__init__.py"):
        folder = import_module(f"forum.{name_of(first.parent).replace('/', '.')}")
        offered = {
            name for name in folder.__all__ if not isinstance(getattr(folder, name), ModuleType)
        }
        elsewhere = (said for path, said in words.items() if not path.is_relative_to(first.parent))
        assert not offered.difference(*elsewhere), folder.__name__


def test_the_top_of_the_package_holds_rooms_and_tools_only() -> None:
    """Besides these only the catalogues of translations, which contain no code."""
    folders = {path for path in (TOP / "forum").iterdir() if path.is_dir()}
    others = {"__pycache__", "translations"}
    assert {path.name for path in folders} - others == {room.name for room in ROOMS}
    assert {path.name for path in (TOP / "forum/translations").rglob("*.*")} == {"messages.po"}


def test_every_module_and_public_function_says_what_it_is() -> None:
    for path in (TOP / "forum").rglob("*.py"):
        tree = tree_of(path)
        assert ast.get_docstring(tree), path
        for function in () if is_inner(path) else public_functions(path):
            assert ast.get_docstring(function), f"{path}: {function.name}"


def test_no_docstring_leans_on_the_one_above() -> None:
    """Editors show a docstring alone, and another function may come between the two."""
    leaning = re.compile(r"The same(?! (day|reader)\b)|Yes\b")
    for path in (TOP / "forum").rglob("*.py"):
        for node in (*nodes(path, ast.FunctionDef), *nodes(path, ast.ClassDef)):
            words = ast.get_docstring(node) or ""  # type: ignore[arg-type]
            assert not leaning.match(words) and "as above" not in words, f"{path}: {words}"


@pytest.mark.parametrize(
    "path", [path for path in modules("actions") if not is_inner(path)], ids=name_of
)
def test_every_public_function_of_actions_is_an_action(path: Path) -> None:
    for function in public_functions(path):
        decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
        assert "action" in decorators, f"{path}: {function.name}"


@pytest.mark.parametrize("path", modules("actions"), ids=name_of)
def test_no_action_takes_a_deed_that_brings_its_own_doer(path: Path) -> None:
    """Such a callable would keep the doer's rights from before the lock; actions read the doer afresh."""
    for function in public_functions(path):
        taken = [
            ast.unparse(argument.annotation)
            for argument in _arguments(function)
            if argument.annotation
        ]
        assert not [words for words in taken if "Callable[[]," in words], function.name


# Where actions render Markdown while they hold the write lock, and why they may
RENDERED_UNDER_THE_LOCK = {
    "dialogue/actions/_quotes.py refresh_quotes_in": "quotations that come back; MAX_RENDERED bounds it",
    "dialogue/actions/_withholding.py follow_restoring": "an opening post that is shown again; search had lost its words",
    "dialogue/actions/_stored.py _plain": "a moved opening post that was hidden; search has all others",
    "dialogue/actions/held.py _says_again": "a held text that is revised, where a rule is about repeated texts",
    "dialogue/actions/held.py approve": "a held text that a moderator approves",
    "dialogue/actions/holding_again.py _take_edit_back": "an approval that is undone",
    "dialogue/actions/editing.py _former_text": "an edited post in which a quotation is withheld",
    "library/actions/_practices.py written_of": "a practice from the queue, or one that was just changed",
    "library/actions/mending.py mend_discussion": "the first post of one discussion that `flask check` has found wrong",
    "moderation/actions/_undoings.py _undo_note_change": "a note that is taken back",
    "rights/actions.py settle_practices": "the practices of a member who leaves",
    "accounts/actions/profiles.py reindex_practices": "the practices of a member who has another name or city",
    "parallels/actions/_documents.py plain_texts_of": "a translation that somebody compares with its original, or whose original lost a part",
    # Values that are made before the action begins
    "parallels/actions/_texts.py __post_init__": "",
    "library/actions/_texts.py __post_init__": "",
    "library/actions/_texts.py _paragraphs": "",
    "library/actions/_texts.py rendered_texts": "",
}
RENDERING = re.compile(r"^(markup\.)?(write|plain|render_with_mentions)\(|^PlainTexts\(\)")


def test_actions_render_nothing_while_others_wait() -> None:
    """Except those in the table above. `filling` and `transfer` are left out, because their commands load whole forums."""
    rendering = {
        f"{name_of(path)} {function.name}"
        for path in modules("actions")
        if path.relative_to(TOP / "forum").parts[0] not in ("filling", "transfer")
        for function in nodes(path, ast.FunctionDef)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and RENDERING.search(ast.unparse(call))
    }
    assert rendering == set(RENDERED_UNDER_THE_LOCK)


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


@pytest.mark.parametrize("kind", ["queries", "forms", "views", "commands", "models"])
def test_only_actions_write(kind: str) -> None:
    writing = re.compile(r"session(\(\))?\.(add|add_all|delete|commit|rollback|flush|merge)$")
    for path in modules(kind):
        assert not [call for call in calls(path) if writing.search(call)], path


SELECTING = r"^select$|session(\(\))?\.query$"


@pytest.mark.parametrize("kind", ["actions", "forms", "views", "commands"])
def test_only_queries_select(kind: str) -> None:
    for path in modules(kind):
        assert not [call for call in calls(path) if re.search(SELECTING, call)], path


def test_views_ask_for_no_rights() -> None:
    """Actions require rights, and queries start from what the reader may see, so no route can forget to ask."""
    for path in modules("views"):
        asking = [call for call in calls(path) if re.search(r"\bcan\.\w+$|^require$", call)]
        assert not asking, f"{path}: {asking}"


def test_filters_of_templates_are_given_by_tools() -> None:
    """Templates of lower rooms must not depend on a filter of a higher room."""
    for path in modules("views"):
        assert not [call for call in calls(path) if call.endswith("template_filter")], path


def test_views_call_no_action_that_leaves_rights_to_its_caller() -> None:
    """An action whose doer is named `_doer`, `_author` or `_moderator` asks for no right; only other actions may call it."""
    parts = {
        (path.relative_to(TOP / "forum").parts[0], function.name)
        for path in modules("actions")
        for function in public_functions(path)
        if re.match(PART_OF_A_DEED, function.args.args[0].arg if function.args.args else "")
    }
    assert len(parts) > 20
    for path in modules("views"):
        assert not parts & set(_actions_named_in(path)), path


PART_OF_A_DEED = r"_(?!visitor$|person$|system$)"  # actions of these three need no right


def _actions_named_in(path: Path) -> Iterator[tuple[str, str]]:
    """(room, name) of each action that a file uses, imported by name or through its module."""
    modules_of: dict[str, str] = {}
    for line in nodes(path, ast.ImportFrom):
        assert isinstance(line, ast.ImportFrom)
        if found := re.fullmatch(r"forum\.(\w+)(\.actions)?", line.module or ""):
            for name in line.names:
                if found[2]:
                    yield found[1], name.name
                elif name.name == "actions":
                    modules_of[name.asname or name.name] = found[1]
    for node in nodes(path, ast.Attribute):
        assert isinstance(node, ast.Attribute)
        if room := modules_of.get(ast.unparse(node.value)):
            yield room, node.attr


def test_actions_and_queries_know_no_request() -> None:
    for kind in ("actions", "queries", "models"):
        for path in modules(kind):
            assert not re.search(r"^from flask import|^import flask", path.read_text(), re.M), path


def test_no_function_is_a_coroutine() -> None:
    """`Forum.ensure_sync` returns functions unchanged, so an async view would never run."""
    for path in (TOP / "forum").rglob("*.py"):
        assert not list(nodes(path, ast.AsyncFunctionDef)), path


def test_no_import_inside_a_function() -> None:
    for path in (TOP / "forum").rglob("*.py"):
        for function in nodes(path, ast.FunctionDef):
            inside = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inside, f"{path}: {function.name}"  # type: ignore[attr-defined]


def test_roles_are_spoken_of_only_in_permissions() -> None:
    spoken = re.compile(r"\.role\b\s*(==|!=|in\b)|[\"'](administrator|moderator)[\"']")
    # Two files that parse roles, from content files and from the command line, list them as choices.
    allowed = {
        TOP / "forum" / name
        for name in ("permissions.py", "principals.py", "transfer/forms/schemas.py")
    }
    for path in set((TOP / "forum").rglob("*.py")) - allowed:
        assert not spoken.search(path.read_text()), path
    for path in TEMPLATES:
        assert not re.search(r"\.role\b\s*(==|!=|in\b)", path.read_text()), path


def test_every_relationship_is_loaded_on_purpose() -> None:
    for path in modules("models"):
        for node in nodes(path, ast.Call):
            if ast.unparse(node.func) == "relationship":  # type: ignore[attr-defined]
                assert "lazy='raise_on_sql'" in ast.unparse(node), f"{path}: {ast.unparse(node)}"


def test_no_number_by_which_something_else_knows_a_row_is_given_again() -> None:
    """SQLite reuses ids of deleted rows, unless the table has AUTOINCREMENT."""
    tables = Base.metadata.tables
    for column in (column for table in tables.values() for column in table.columns):
        if column.name.endswith("_id") and isinstance(column.type, Integer):
            assert column.foreign_keys or column.name in ROWS_KNOWN_BY_NUMBER, str(column)
    assert set(queue.KINDS) <= set(TABLES_OF_KINDS)
    for name in {*TABLES_OF_KINDS.values()}.union(*ROWS_KNOWN_BY_NUMBER.values()):
        is_never_reused = tables[name].dialect_options["sqlite"]["autoincrement"]
        assert is_never_reused or name in NEVER_DELETED, name
    models = {mapper.local_table.name: mapper.class_.__name__ for mapper in Base.registry.mappers}
    assert not any(
        key.ondelete == "CASCADE" for n in NEVER_DELETED for key in tables[n].foreign_keys
    )
    never_deleted = {models[name] for name in NEVER_DELETED}
    for path in modules("actions"):
        for node in nodes(path, ast.Call):
            deleted = re.match(r"delete(?:_batch)?\((\w+)", call := ast.unparse(node))
            assert not deleted or deleted[1] not in never_deleted, f"{path}: {call}"


def test_template_folders_are_rooms() -> None:
    folders = {path.name for path in (TOP / "templates").iterdir() if path.is_dir()}
    assert folders <= {room.name for room in ROOMS} | SHARED_TEMPLATES


def test_the_colon_between_two_words_is_translated() -> None:
    """It has to be `_(": ")`, because French has a space before it."""
    untranslated = re.compile(r"(\}\}|%\})((</\w+>)*: |:</)|\"vh\"[^>]*>: ")
    for path in PAGES:
        assert not untranslated.search(path.read_text()), path


def test_a_day_after_a_preposition_has_no_time() -> None:
    """Of a moment that has passed, a script makes “3 hours ago”, and “since 3 hours ago” is no English."""
    ahead = {"again_at", "closes_at", "ends_at", "leaving_at"}  # stays a day and a time
    said = re.compile(
        r'"[^"]*\b(?:on|since|until|before|by|from) %\((\w+)\)s[^"]*"[^{}]*?\b\1=(?:\w+\.)*(\w+_at) \| (?:date|moment)\b'
    )
    found = [
        (path.name, match[0])
        for path in TEMPLATES
        for match in said.finditer(path.read_text("utf-8"))
        if match[2] not in ahead
    ]
    assert not found, found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(TOP)))
def test_templates_are_safe_under_the_content_security_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b", text)
    assert "{% autoescape false" not in text
    # E-mails cannot have files beside them, and no policy forbids inline styles there
    if path.parent.name != "mail":
        assert not re.search(r"\sstyle=|<style", text)
    assert not re.search(r"\son[a-z]+=[\"']|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/ld+json"' in script, script


def test_no_field_cuts_off_what_is_pasted() -> None:
    """With `maxlength`, browsers silently drop the end of pasted text; the server refuses it with a message instead."""
    for path in PAGES:
        assert "maxlength" not in path.read_text(), path


def test_a_form_whose_text_is_kept_offers_it_again() -> None:
    """The script saves drafts of such forms, and offers them at the place of `kept_draft`, which `composer` includes."""
    keeping = [path for path in PAGES if "data-draft" in path.read_text()]
    assert keeping
    for path in keeping:
        assert re.search(r"\{\{ (kept_draft\(\) \}\}|composer\()", path.read_text()), path


def test_every_form_in_which_a_member_writes_says_who_writes() -> None:
    """`hidden_tag` adds the author. Without it, a text could be returned to another member who has signed in meanwhile."""
    written = re.compile(
        r'<textarea|<select|<input(?![^>]*type="(?:hidden|email|password)")'
        r"|\{\{ ?(?:text|composer|field|choice|tick|city|member|themes_of)\("
    )
    for path in PAGES:
        page = path.read_text()
        assert ".csrf_token" not in page and "csrf_token()" not in page, path
        forms = re.findall(r"<form\b.*?</form>", page, re.DOTALL)
        by_hand = [form for form in forms if "token_field()" in form and "written_as" not in form]
        assert not [form for form in by_hand if written.search(form)], path


def test_no_page_uses_a_name_that_the_frame_sets() -> None:
    """Variables of the frame replace those of the page; for example, Cancel would link to the page itself."""
    trees = {path: template_tree(path) for path in PAGES}
    frame = trees.pop(TOP / "templates" / "layout.html")
    ours = {str(node.target.name) for node in frame.find_all(template.Assign)}  # type: ignore[attr-defined]
    assert ours
    for path, tree in trees.items():
        if [*tree.find_all(template.Extends)]:
            names = {node.name for node in tree.find_all(template.Name)}
            assert not names & ours, path


@pytest.mark.sqlite_only  # the routes do not depend on the database
def test_each_address_is_made_of_what_its_door_asks_for(app: Flask) -> None:
    """A missing part raises only on the page that prints the address; no route calls its part `id`."""
    asked: dict[str, list[set[str]]] = {}
    for rule in app.url_map.iter_rules():
        asked.setdefault(rule.endpoint, []).append(rule.arguments - set(rule.defaults or ()))
    made = [*addresses_in_templates(), *addresses_in_views()]
    assert len(made) > 800
    for path, door, given in made:
        assert any(names <= given for names in asked[door]), f"{path}: {door} {given}"
        assert "id" not in given, f"{path}: {door}"


def addresses_in_templates() -> Iterator[tuple[Path, str, set[str]]]:
    for path in PAGES:
        for call in template_tree(path).find_all(template.Call):
            is_address = isinstance(call.node, template.Name) and call.node.name == "url_for"
            if is_address and isinstance(call.args[0], template.Const) and not call.dyn_kwargs:
                yield path, call.args[0].value, {word.key for word in call.kwargs}


def addresses_in_views() -> Iterator[tuple[Path, str, set[str]]]:
    for path in modules("views"):
        for node in nodes(path, ast.Call):
            if ast.unparse(node.func) == "url_for" and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                given = {word.arg for word in node.keywords}  # type: ignore[attr-defined]
                if None not in given:  # the arguments are `**words`
                    yield path, node.args[0].value, given  # type: ignore[attr-defined]


def test_no_template_imports_what_it_does_not_use() -> None:
    for path in TEMPLATES:
        tree = template_tree(path)
        used = {node.name for node in tree.find_all(template.Name)}
        for node in tree.find_all(template.FromImport):
            names = {name if isinstance(name, str) else name[1] for name in node.names}
            assert names <= used, f"{path}: {names - used}"


def test_markup_is_made_in_few_places() -> None:
    """`Markup(…)` is unsafe unless its argument is a literal pattern, or clean or escaped already."""
    allowed = {"columns.py", "markup.py", "quotes.py", "drawings.py"}
    allowed |= {"templating.py", "folding.py"}  # what is constant in templates, and times
    for path in (TOP / "forum").rglob("*.py"):
        for node in nodes(path, ast.Call):
            if ast.unparse(node.func) == "Markup" and path.name not in allowed:  # type: ignore[attr-defined]
                argument = node.args[0] if node.args else ast.Constant("")  # type: ignore[attr-defined]
                assert isinstance(argument, ast.Constant), f"{path}: {ast.unparse(node)}"


def test_no_lazy_text_holds_what_somebody_typed() -> None:
    """A lazy string has `__html__`, so it is not escaped; its values have to be numbers or dates."""
    for path in (TOP / "forum").rglob("*.py"):
        imported = [name for node in nodes(path, ast.ImportFrom) for name in node.names]  # type: ignore[attr-defined]
        lazy = {name.asname or name.name for name in imported if name.name.startswith("lazy_")}
        tree = [node for node in nodes(path, ast.Call) if isinstance(node.func, ast.Name)]  # type: ignore[attr-defined]
        made_plain = {id(part) for node in tree if node.func.id == "str" for part in node.args}  # type: ignore[attr-defined]
        for node in tree:
            if node.func.id in lazy and id(node) not in made_plain:  # type: ignore[attr-defined]
                for value in node.keywords:  # type: ignore[attr-defined]
                    is_date = ast.unparse(value.value).startswith("_lazy_datetime(")
                    is_number = value.arg in ("number", "most", "least")
                    passes_on = value.arg is None and path.name == "webforms.py"
                    assert is_date or is_number or passes_on, f"{path}: {ast.unparse(node)}"


def test_the_map_names_every_room_and_tool() -> None:
    told = set(re.findall(r"\w+", (TOP / "CONTRIBUTING.md").read_text()))
    tools = {path.stem for path in (TOP / "forum").glob("*.py")} - {"__init__"}
    assert not ({room.name for room in ROOMS} | tools) - told


def test_names_in_tools_and_rooms_are_right_in_comments_and_documents() -> None:
    """Names such as `versions.cached` (in a tool) and `members.sign_in` (offered by a room) must exist."""
    tools = {path.stem for path in (TOP / "forum").glob("*.py")} - {"__init__"}
    places = {room.name: _files_of(room) for room in ROOMS} | {
        tool: [import_module(f"forum.{tool}")] for tool in tools
    }
    found = 0
    for path in [*(TOP / "forum").rglob("*.py"), *(TOP / "docs").glob("*.md")]:
        for place, name in re.findall(r"(?<!`)`(\w+)\.([\w.]+)", path.read_text()):
            # Endings of files and domains
            if place in places and name not in ("py", "invalid", "example.org"):
                assert any(_has(module, name) for module in places[place]), (
                    f"{path}: {place}.{name}"
                )
                found += 1
    assert found > 40


def _files_of(room: Path) -> list[ModuleType]:
    """The modules of a room: the package itself and each of its kinds of file."""
    kinds = sorted(kind for kind in KINDS if any(room.glob(f"{kind}*")) and kind != "__init__")
    names = [f"forum.{room.name}", *(f"forum.{room.name}.{kind}" for kind in kinds)]
    return [import_module(name) for name in names]


def _has(module: ModuleType, name: str) -> bool:
    """Whether a module has a name, or a class in it has an attribute of that name (`settings.remembers`)."""
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    own = [found for found in classes if found.__module__ == module.__name__]
    for holder in (module, *own):
        with suppress(AttributeError):
            attrgetter(name)(holder)
            return True
    return False


def test_every_library_that_the_code_imports_is_declared() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    distributions = packages_distributions()
    declared = {plain_name(re.split(r"[\[<>=]", said)[0]) for said in project["dependencies"]}
    for path in (TOP / "forum").rglob("*.py"):
        text = path.read_text()
        found = re.findall(r"^ *(?:from|import) (\w+)|library\(\"(\w+)", text, re.M)
        for name in {first or later for first, later in found} - {"forum"}:
            sources = {plain_name(distribution) for distribution in distributions.get(name, ())}
            assert not sources or sources & declared, f"{path}: {name}"


def plain_name(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_lock_names_no_index_and_has_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (TOP / name).read_text()
        assert "://" not in text and "--index-url" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_all_scripts_together_are_light() -> None:
    """Under 15 kB compressed, although each page loads only those that it needs."""
    scripts = [jsmin(path.read_text("utf-8")) for path in (TOP / "static").glob("*.js")]
    assert (
        len(scripts) > 8
        and sum(len(brotli.compress(script.encode())) for script in scripts) < 15_000
    )


def test_a_page_of_a_list_says_in_its_title_which_one_it_is() -> None:
    """Otherwise all pages of a list have the same title (WCAG 2.2, 2.4.2)."""
    lists = ("{{ pager(", "{{ written_rows(", '{% include "dialogue/_discussion.html" %}')
    for path in TEMPLATES:
        words = path.read_text("utf-8")
        if "{% block title %}" in words and any(start in words for start in lists):
            title = words.partition("{% block title %}")[2].partition("{% endblock %}")[0]
            assert "{{ nth(" in title, path


def test_pages_say_plainly_who_is_meant() -> None:
    """Not "Whoever has it can join" or "Only who asked tells", which are hard for readers with another first language."""
    hard = re.compile(r"\b(whom|whoever|only who)\b|^Who\b.*[.]$", re.IGNORECASE)
    for path in [*TEMPLATES, *(TOP / "forum").rglob("*.py")]:
        for words in re.findall(r'_\(\s*"([^"]+)"', path.read_text("utf-8")):
            for sentence in re.split(r"(?<=[.?!]) ", words.replace("ho invited whom", "")):
                assert not hard.search(sentence), (path, sentence)


LINK = re.compile(r"<a\b(?:(?!</a>).)*</a>", re.DOTALL)
WORDS_THEN_HIDDEN = re.compile(
    r">\s*(?:\{\{-? icon\([^}]*\}\}\s*)?[^<\s](?:(?!</a>).)*class=\"vh\">"
)


def test_no_link_has_words_that_are_seen_and_others_that_are_not() -> None:
    """Firefox exposes hidden text in a link as a separate part, which screen readers read as a second link: use `aria-label`,
    or `aria-labelledby` with the heading above.

    Words that may be in another language stay elements, because an attribute cannot have a `lang` of its own.
    """
    found = {
        f"{path.relative_to(TOP / 'templates')}: {link[0]}"
        for path in TEMPLATES
        for link in LINK.finditer(path.read_text("utf-8"))
        if WORDS_THEN_HIDDEN.search(link[0]) and "lang=" not in link[0].partition('class="vh"')[2]
    }
    assert found == set()


def test_what_is_cut_in_a_template_ends_with_an_ellipsis() -> None:
    """As excerpts do, and not with three full stops."""
    cut = [call for path in TEMPLATES for call in re.findall(r"truncate\(.*?\)", path.read_text())]
    assert len(cut) > 5 and [call for call in cut if "…" not in call] == []


def test_what_is_to_be_corrected_stands_above_the_heading_of_a_page() -> None:
    """In one place on all pages. Where a form is only one of several things, its summary stands with it."""
    beside = {"queue/index.html", "meetings/meeting.html"}
    below = []
    for path in (TOP / "templates").rglob("*.html"):
        page, name = path.read_text("utf-8"), path.relative_to(TOP / "templates").as_posix()
        summary, headings = page.find("{{ error_summary("), page.count("<h1")
        if summary >= 0 and headings == 1 and page.find("<h1") < summary and name not in beside:
            below.append(name)
    assert below == ["appeals/decide.html"], "there it stands above what is decided about"
