"""`create_app()`: the only file that knows the pages of every room. Their commands are known to `forum.commands`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask, Response, current_app, request
from flask.cli import AppGroup
from flask_babel import get_babel, lazy_gettext
from werkzeug.middleware.proxy_fix import ProxyFix

from forum import (
    admission,
    configuring,
    errorpages,
    logs,
    metrics,
    migrating,
    pagecache,
    ratelimits,
    responses,
    webforms,
)
from forum.accounts import views as accounts
from forum.advice import views as advice
from forum.agendas import views as agendas
from forum.api import views as api
from forum.appeals import views as appeals
from forum.candidates import views as candidates
from forum.commitments import views as commitments
from forum.contact import views as contact
from forum.db import db
from forum.declarations import views as declarations
from forum.dialogue import views as dialogue
from forum.elsewhere import views as elsewhere
from forum.engines import read_without_transactions
from forum.environment import explain_os_errors
from forum.factors import views as factors
from forum.front import views as front
from forum.glossary import views as glossary
from forum.invitations import views as invitations
from forum.library import views as library
from forum.machine import Hold
from forum.mail import views as mail
from forum.meetings import views as meetings
from forum.members import views as members
from forum.moderation import views as moderation
from forum.notifications import views as notifications
from forum.parallels import views as parallels
from forum.pictures import views as pictures
from forum.queue import views as queue
from forum.register import views as register
from forum.rights import views as rights
from forum.rules import views as rules
from forum.screening import views as screening
from forum.searches import views as searches
from forum.settings import Settings, from_environment
from forum.templating import cache_bytecode
from forum.terms import views as terms
from forum.upkeep import views as upkeep
from forum.upkeep.queries import schema_problem
from forum.webhooks import views as webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# All modules with a blueprint
BLUEPRINT_MODULES = (
    members,
    notifications,
    agendas,
    screening,
    pictures,
    glossary,
    dialogue,
    library,
    meetings,
    advice,
    commitments,
    parallels,
    declarations,
    moderation,
    appeals,
    searches,
    mail,
    factors,
    invitations,
    candidates,
    queue,
    accounts,
    contact,
    terms,
    rules,
    register,
    elsewhere,
    front,
    rights,
    api,
    upkeep,
    webhooks,
)
UPGRADING = lazy_gettext("The forum is being upgraded. Please come back in a few minutes.")
TOP = Path(__file__).parent.parent


class LateCommands(AppGroup):
    """A command group that imports `forum.commands` only when a command is asked for: servers need none of its 3 MB."""

    has_all = False

    def load(self) -> None:
        """Add them all, unless they are there."""
        if not self.has_all:
            self.has_all = True
            import_module("forum.commands").add_to(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        self.load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        self.load()
        return super().get_command(ctx, cmd_name)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the forum; its settings come from the environment (see `settings.py`) unless they are given."""
    settings = settings or from_environment()
    app = configuring.Forum(
        "forum", template_folder=str(TOP / "templates"), static_folder=str(TOP / "static")
    )
    app.cli = LateCommands(app.name)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    db.init_app(app)
    read_without_transactions(app)
    with app.app_context():
        metrics.init_app(settings, db.engine)
    app.before_request(_refuse_wrong_schema)
    migrating.init_app(app)
    configuring.init_app(app, settings)
    responses.init_app(app)
    webforms.init_app(app)
    errorpages.init_app(app)
    configuring.login.user_loader(accounts.load_user)
    get_babel(app).timezone_selector = notifications.zone_of_reader
    ratelimits.init_app(app, settings)
    for module in BLUEPRINT_MODULES:
        app.register_blueprint(module.bp)
    _add_layers(app, settings)
    with explain_os_errors(settings.data):
        pagecache.init_app(app, settings)  # the outermost layer: a hit skips all others
        cache_bytecode(app, settings.data / "templates")
    _be_noticed(app, settings)
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


def _add_layers(app: Flask, settings: Settings) -> None:
    """Wrap a complete application in WSGI layers, the innermost first.

    Admission has to know the address of the client, so `ProxyFix` is around it. The log is around both, so that it
    also has the requests that were refused.
    """
    headers = responses.security_headers(settings.is_https)
    large = dict.fromkeys(configuring.UPLOAD_PATHS, configuring.max_file_body(settings))
    admission.init_app(app, configuring.MAX_BODY, headers, large)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]  # as Werkzeug's documentation does it
    with app.app_context():
        logs.init_app(app, settings, db.engine)


def _be_noticed(app: Flask, settings: Settings) -> None:
    """Lock a file with the first request, by which `restore` notices that this process answers; a command locks none.

    The data folder is locked, too: somebody may delete the file to clean up, but no forum answers without its folder.
    """
    inner = app.wsgi_app

    def first(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with suppress(OSError):  # it answers even when the disk is full
            held = Hold(settings.serving_path), Hold(settings.data)
            app.extensions.setdefault("serving", held)
        if app.wsgi_app is first:
            app.wsgi_app = inner  # type: ignore[method-assign]  # later requests need not ask
        return inner(environ, start_response)

    app.wsgi_app = first  # type: ignore[method-assign]  # as Flask documents it
