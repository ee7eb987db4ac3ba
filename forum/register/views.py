"""The public views of moderation: the register of decisions, the transparency report as a page and as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.clock import now
from forum.register import queries
from forum.register.forms import period
from forum.register.queries import Figures, Period
from forum.sheets import sheet

bp = Blueprint("register", __name__)


@bp.get("/transparency")
def report() -> ResponseReturnValue:
    """The transparency report of a period."""
    figures = queries.figures(_period())
    return _fresh(
        render_template(
            "register/report.html",
            figures=figures,
            reversals=queries.reversals(figures),
            today=now().date(),
            said_of_key=queries.said_of_key,
        )
    )


@bp.get("/transparency.csv")
def report_csv() -> ResponseReturnValue:
    """The transparency report as CSV (RFC 4180): section, what, by what, number.

    Programs compare the files of several forums and years, so nothing in it depends on the language of the reader.
    """
    figures = queries.figures(_period())
    name = f"transparency-{figures.period.first}-{figures.period.last}"
    return _fresh(sheet(name, _rows(figures)))


@bp.get("/transparency/decisions")
def index() -> ResponseReturnValue:
    """The register of decisions."""
    return _fresh(render_template("register/index.html", page=queries.entries(web.number("page"))))


def _period() -> Period:
    return period(web.text("from"), web.text("to"), now().date())


def _fresh(answer: str | Response) -> AnyResponse:
    """Keep a response out of the page cache, because reports change it and invalidate no other page."""
    page = make_response(answer)
    page.headers["Cache-Control"] = "no-cache, max-age=0"
    return page


def _rows(figures: Figures) -> Iterator[tuple[str, str, str, object]]:
    yield "section", "what", "by", "number"
    yield "period", "first day", "", figures.period.first
    yield "period", "last day", "", figures.period.last
    for (reason, source), number in figures.reports.items():
        yield "reports", reason, source, number
    yield "reports", "answered", "", figures.answered
    yield "reports", "waiting at the end", "", figures.waiting
    yield "reports", "median hours to decision", "", _rounded(figures.hours_to_decision)
    for (deed, is_automated), number in figures.deeds.items():
        yield "restrictions", deed, "machine" if is_automated else "person", number
    for source, number in figures.sources.items():
        yield "restrictions by source", source, "", number
    for ground, number in figures.grounds.items():
        yield "restrictions by ground", ground, "", number
    yield "decisions", "kept", "", figures.kept
    yield "decisions", "taken back", "", figures.taken_back
    yield "appeals", "made", "", figures.appeals
    for outcome, number in figures.appeals_by.items():
        yield "appeals", outcome, "", number
    yield "appeals", "median hours to answer", "", _rounded(figures.hours_to_answer)


def _rounded(hours: float | None) -> object:
    return "" if hours is None else round(hours, 1)
