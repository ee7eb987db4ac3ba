"""`create_app()`: the only file that knows every room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, current_app, request
from flask_babel import get_babel, lazy_gettext
from rjsmin import jsmin
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Rule
from werkzeug.security import safe_join

from forum import (
    admission,
    errorpages,
    jobs,
    listening,
    logs,
    metrics,
    migrating,
    pagecache,
    ratelimits,
    responses,
    supervisor,
    web,
    webforms,
)
from forum.accounts import commands as accounts_commands
from forum.accounts import views as accounts
from forum.advice import actions as advice_actions
from forum.advice import views as advice
from forum.agendas import views as agendas
from forum.api import views as api
from forum.appeals import views as appeals
from forum.candidates import views as candidates
from forum.contact import views as contact
from forum.db import db
from forum.dialogue import views as dialogue
from forum.elsewhere import views as elsewhere
from forum.engines import read_without_transactions
from forum.errors import Refusal
from forum.factors import commands as factors_commands
from forum.factors import views as factors
from forum.filling import commands as filling_commands
from forum.front import actions as front_actions
from forum.front import views as front
from forum.invitations import views as invitations
from forum.library import actions as library_actions
from forum.library import views as library
from forum.mail import commands as mail_commands
from forum.mail import views as mail
from forum.members import commands as members_commands
from forum.members import views as members
from forum.moderation import views as moderation
from forum.notifications import commands as notifications_commands
from forum.notifications import views as notifications
from forum.permissions import SYSTEM
from forum.pictures import views as pictures
from forum.queue import commands as queue_commands
from forum.queue import views as queue
from forum.register import views as register
from forum.rights import commands as rights_commands
from forum.rights import views as rights
from forum.rules import views as rules
from forum.screening import views as screening
from forum.search import actions as search_actions
from forum.settings import Settings, explain_os_errors, from_environment, metrics_address
from forum.templating import TemplateEnvironment, cache_bytecode
from forum.terms import views as terms
from forum.transfer import commands as transfer_commands
from forum.upkeep import commands as upkeep_commands
from forum.upkeep import views as upkeep
from forum.upkeep.queries import is_writable, schema_problem

# Everything with a blueprint: views and commands
BLUEPRINT_MODULES = (
    members,
    members_commands,
    notifications,
    agendas,
    screening,
    pictures,
    dialogue,
    library,
    advice,
    moderation,
    appeals,
    mail,
    mail_commands,
    factors,
    factors_commands,
    invitations,
    candidates,
    queue,
    accounts,
    accounts_commands,
    contact,
    terms,
    rules,
    register,
    elsewhere,
    front,
    rights,
    rights_commands,
    transfer_commands,
    filling_commands,
    api,
    upkeep,
    upkeep_commands,
)
UPGRADING = lazy_gettext("The forum is being upgraded. Please come back in a few minutes.")
TOP = Path(__file__).parent.parent


class LateRule(Rule):
    """A rule whose addresses are built by functions that are compiled when the first address is asked for.

    Werkzeug compiles two for each rule at the start. For 320 rules that took three quarters of `create_app`, and a process
    asks for the addresses of few of them.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            compiled = super(LateRule, self)._compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", compiled)
            built: tuple[str, str] = compiled(**values)
            return built

        return build


class Forum(Flask):
    """Flask with its own Jinja environment, without support for async views, and with `HEAD` answered as `GET`."""

    jinja_environment = TemplateEnvironment
    url_rule_class = LateRule

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request. `HEAD` is answered as `GET` without the content (RFC 9110, 9.3.2), so that no view acts on it."""
        if environ["REQUEST_METHOD"] != "HEAD":
            return super().wsgi_app(environ, start_response)
        parts = super().wsgi_app(environ | {"REQUEST_METHOD": "GET"}, start_response)
        if close := getattr(parts, "close", None):
            close()
        return []

    def send_static_file(self, filename: str) -> Any:
        """A file of `static/`; a script without its comments and its indentation, which are a fifth of what is sent."""
        path = safe_join(str(self.static_folder), filename)
        if not filename.endswith(".js") or not path or not Path(path).is_file():
            return super().send_static_file(filename)
        script = Response(jsmin(Path(path).read_text("utf-8")), mimetype="text/javascript")
        script.add_etag()
        return script.make_conditional(request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view is a coroutine, and Flask would check that at each request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the forum; its settings come from the environment (see `settings.py`) unless they are given."""
    settings = settings or from_environment()
    app = Forum("forum", template_folder=str(TOP / "templates"), static_folder=str(TOP / "static"))
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    db.init_app(app)
    read_without_transactions(app)
    with app.app_context():
        metrics.init_app(settings, db.engine)
    app.before_request(_refuse_wrong_schema)
    migrating.init_app(app)
    web.init_app(app, settings)
    responses.init_app(app)
    webforms.init_app(app)
    errorpages.init_app(app)
    web.login.user_loader(accounts.load_user)
    get_babel(app).timezone_selector = notifications.zone_of_reader
    ratelimits.init_app(app, settings)
    for module in BLUEPRINT_MODULES:
        app.register_blueprint(module.bp)
    headers = responses.security_headers(settings.is_https)
    large = {web.PICTURES_PATH: web.MAX_PICTURE_BODY}
    admission.init_app(app, web.MAX_BODY, headers, large)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]  # as Werkzeug's documentation does it
    with app.app_context():
        logs.init_app(app, settings, db.engine)
    with explain_os_errors(settings.data):
        pagecache.init_app(app, settings)
        cache_bytecode(app, settings.data / "templates")
    app.cli.add_command(worker)
    app.cli.add_command(serve)
    app.cli.add_command(answer_metrics)
    upkeep_commands.guard(app)
    return app


def _refuse_wrong_schema() -> Response | None:
    """Answer 503 while the database has the schema of another version; not checked again once it is right."""
    extensions = current_app.extensions
    if extensions.get("has_checked_schema") or request.path in ("/healthz", "/readyz"):
        return None
    if problem := schema_problem():
        current_app.logger.error(problem)
        return Response(f"{UPGRADING}\n", 503, {"Retry-After": "60"}, mimetype="text/plain")
    extensions["has_checked_schema"] = True
    return None


def tasks_of_worker(app: Flask, settings: Settings) -> dict[str, Callable[[], int]]:
    """All that is done after the commit and by the clock, by name, for `jobs.Worker`."""

    def within(task: Callable[[], int]) -> Callable[[], int]:
        def run() -> int:
            with app.app_context():
                return task()

        return run

    return {
        "life": jobs.heartbeat(settings.heartbeat_path),
        "notices": within(notifications_commands.make_notices),
        "intentions": jobs.every(60, within(lambda: library_actions.ask_about_intentions(SYSTEM))),
        "practices": jobs.every(600, within(lambda: library_actions.ask_whether_true(SYSTEM))),
        "questions": jobs.every(60, within(lambda: advice_actions.look_after(SYSTEM))),
        "reminders": jobs.every(60, within(lambda: front_actions.tell_reminders(SYSTEM))),
        "the undecided": jobs.every(300, within(lambda: queue_commands.tell_overdue(SYSTEM))),
        "letters": within(mail_commands.write_notice_letters),
        "receipts": jobs.every(5, within(mail_commands.write_report_letters)),
        "digests": jobs.every(120, within(mail_commands.write_digests)),
        "mail": within(mail_commands.deliver),
        "answers": jobs.every(60, within(mail_commands.fetch_messages)),
        "titles": within(lambda: search_actions.continue_retitling(SYSTEM)),
        "what is over": jobs.every(600, within(rights_commands.delete_expired)),
        "departures": within(rights_commands.carry_on),
    }


@click.command()
def worker() -> None:
    """Make notices, send mail and look after questions, until stopped. Several may run at once."""
    settings = from_environment()
    tasks = tasks_of_worker(create_app(settings), settings)
    jobs.Worker(tasks).run_until_stopped()


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, help="Port to listen on.")
@click.option("--workers", default=2, type=click.IntRange(1), help="How many server processes.")
@click.option("--no-worker", is_flag=True, help="Start no worker: `flask worker` runs elsewhere.")
def serve(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Start the server and its worker, and what answers Prometheus if it is wanted; Ctrl-C ends all."""
    settings = from_environment()
    # A server may be read-only for a while, a file is not
    if db.engine.dialect.name == "sqlite" and not is_writable():
        words = "Give it and FORUM_DATA to the user that runs the forum."
        raise click.ClickException(f"{db.engine.url.database} can only be read. {words}")
    address = _listen_address(host, port)
    if settings.metrics:
        _check_metrics(settings.metrics, address, port)
    click.echo(f"The forum is at http://{listening.host_and_port(host, port)} – Ctrl-C ends it.")
    url = db.engine.url
    file = url.database or "" if url.get_backend_name() == "sqlite" else ""
    db.engine.dispose()
    also = (not no_worker, bool(settings.metrics))
    supervisor.become(supervisor.Plan(address, port, workers, *also, file, settings.log))


def _check_metrics(metrics: str, address: str, port: int) -> None:
    """End the command if nobody can listen at FORUM_METRICS, or nobody could once the server listens at its address."""
    host, figures_port = metrics_address(metrics)
    both = {_listen_address(host, figures_port), address}
    if figures_port == port and (len(both) == 1 or both & listening.EVERYWHERE):
        words = "where the server itself listens: give one of them another port."
        raise click.ClickException(f"FORUM_METRICS is {metrics}, {words}")


def _listen_address(host: str, port: int) -> str:
    try:
        return listening.listen_address(host, port)
    except Refusal as error:
        raise click.ClickException(error.message) from error


@click.command("metrics")
def answer_metrics() -> None:
    """Answer Prometheus at the address of FORUM_METRICS, until stopped."""
    settings = from_environment()
    if not settings.metrics:
        raise click.ClickException("Set FORUM_METRICS to an address such as 127.0.0.1:8001 first.")
    host, port = metrics_address(settings.metrics)
    _listen_address(host, port)
    app = create_app(settings)

    def figures() -> metrics.Samples:
        with app.app_context():
            return upkeep.measurements()

    with metrics.server(settings.metrics, figures) as server:
        click.echo(
            f"Figures for Prometheus are at http://{listening.host_and_port(host, port)}/metrics"
        )
        server.serve_forever()
