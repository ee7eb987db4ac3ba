"""All commands of `flask`, and the tasks of the worker: the only file that knows the commands of every room.

`LateCommands` in `forum.app` imports it when a command is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from forum import jobs, listening, metrics, supervisor
from forum.accounts import commands as accounts
from forum.advice import actions as advice_actions
from forum.app import create_app
from forum.commitments import actions as commitments_actions
from forum.db import db
from forum.declarations import actions as declarations_actions
from forum.environment import metrics_address
from forum.errors import Refusal
from forum.factors import commands as factors
from forum.filling import commands as filling
from forum.front import actions as front_actions
from forum.invitations import actions as invitations_actions
from forum.library import actions as library_actions
from forum.mail import commands as mail
from forum.meetings.commands import look_after_meetings
from forum.members import commands as members
from forum.moderation import actions as moderation_actions
from forum.notifications import commands as notifications
from forum.parallels import actions as parallels_actions
from forum.permissions import SYSTEM
from forum.queue import commands as queue
from forum.rights import commands as rights
from forum.search import actions as search_actions
from forum.searches.commands import look_after_searches
from forum.settings import Settings, from_environment
from forum.transfer import commands as transfer
from forum.upkeep import commands as upkeep
from forum.upkeep.queries import is_writable
from forum.upkeep.views import measurements
from forum.webhooks import commands as webhooks

# The other commands of accounts and factors belong to the group `members`
COMMAND_MODULES = (members, mail, factors, accounts, rights, transfer, filling, upkeep)

# Of making notices without a break, before letters are sent: some may be of somebody who waits to sign in
CATCHING_UP_SECONDS = 1.0


def add_to(group: click.Group) -> None:
    """Add all commands to a group, and make each end with a sentence when the database is not available."""
    for module in COMMAND_MODULES:
        group.commands.update(module.bp.cli.commands)
    for command in (worker, serve, answer_metrics):
        group.add_command(command)
    upkeep.guard(group)


def tasks_of_worker(app: Flask, settings: Settings) -> dict[str, Callable[[], int]]:
    """Everything that is done in the background, by name, for `jobs.Worker`."""
    digests = mail.DigestRound()

    def within(task: Callable[[], int]) -> Callable[[], int]:
        def run() -> int:
            with app.app_context():
                return task()

        return run

    return {
        "life": jobs.heartbeat(settings.heartbeat_path),
        "notices": jobs.persistent(CATCHING_UP_SECONDS, within(notifications.make_notices)),
        "intentions": jobs.every(60, within(lambda: library_actions.ask_about_intentions(SYSTEM))),
        "practices": jobs.every(600, within(lambda: library_actions.ask_whether_true(SYSTEM))),
        "declarations": jobs.every(600, within(lambda: declarations_actions.look_after(SYSTEM))),
        "commitments": jobs.every(
            600, within(lambda: commitments_actions.look_after_commitments(SYSTEM))
        ),
        "translations": jobs.every(
            600, within(lambda: parallels_actions.look_after_translations(SYSTEM))
        ),
        "questions": jobs.every(60, within(lambda: advice_actions.look_after(SYSTEM))),
        "voices": jobs.every(600, within(lambda: invitations_actions.look_after_voices(SYSTEM))),
        "reminders": jobs.every(60, within(lambda: front_actions.tell_reminders(SYSTEM))),
        "searches": jobs.sparing(jobs.every(60, within(look_after_searches))),
        "meetings": jobs.every(60, within(look_after_meetings)),
        "locks": jobs.every(60, within(lambda: moderation_actions.open_after_last_day(SYSTEM))),
        "the undecided": jobs.every(300, within(lambda: queue.tell_overdue(SYSTEM))),
        "letters": within(mail.write_notice_letters),
        "receipts": jobs.every(5, within(mail.write_report_letters)),
        "digests": jobs.every(120, within(lambda: mail.write_digests(digests))),
        "mail": within(mail.deliver),
        "answers": jobs.every(60, within(mail.fetch_messages)),
        "webhooks": jobs.sparing(within(webhooks.deliver)),
        "old deliveries": jobs.every(3600, within(webhooks.forget_old)),
        "titles": within(lambda: search_actions.continue_retitling(SYSTEM)),
        "bylines": within(accounts.tell_search_of_renamings),
        "what is over": jobs.every(600, within(rights.delete_expired)),
        "departures": within(rights.carry_on),
    }


@click.command()
def worker() -> None:
    """Make notices, send mail and do what else is due, until stopped. Several may run at once."""
    settings = from_environment()
    tasks = tasks_of_worker(create_app(settings), settings)
    jobs.Worker(tasks).run_until_stopped()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--workers",
    default=2,
    type=click.IntRange(1),
    show_default=True,
    help="How many server processes.",
)
@click.option("--no-worker", is_flag=True, help="Start no worker: `flask worker` runs elsewhere.")
def serve(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Start the server and its worker, and what answers Prometheus if it is wanted; Ctrl-C ends all."""
    settings = from_environment()
    # Unlike a server, a file cannot become writable again by itself
    if db.engine.dialect.name == "sqlite" and not is_writable():
        words = "Give it and FORUM_DATA to the user that runs the forum."
        raise click.ClickException(f"{db.engine.url.database} can only be read. {words}")
    address = _listen_address(host, port)
    if settings.metrics:
        _check_metrics(settings.metrics, address, port)
    said = f"http://{listening.host_and_port(host, port)}"
    url = db.engine.url
    file = url.database or "" if url.get_backend_name() == "sqlite" else ""
    db.engine.dispose()
    also = (not no_worker, bool(settings.metrics))
    supervisor.become(supervisor.Plan(address, port, said, workers, *also, file, settings.log))


def _check_metrics(metrics: str, address: str, port: int) -> None:
    """End the command if nobody can listen at FORUM_METRICS, or could not once the server listens at its address."""
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
            return measurements()

    with metrics.server(settings.metrics, figures) as server:
        click.echo(
            f"Figures for Prometheus are at http://{listening.host_and_port(host, port)}/metrics"
        )
        server.serve_forever()
