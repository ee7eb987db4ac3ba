"""The public views of moderation: the register of decisions and the transparency report, each as a page and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.clock import now
from forum.members.queries import country_names
from forum.moderation.queries import trusted_flaggers
from forum.register import queries
from forum.register.forms import period
from forum.register.queries import EU_RESTRICTIONS, Figures, Period, RegisterEntry
from forum.rules.models import rule_in_english
from forum.sheets import long_sheet, sheet

bp = Blueprint("register", __name__)
# Those before `deed` have the names and the words of the EU's database of statements of reasons
COLUMNS = (
    *("puid", "application_date"),
    *("decision_visibility", "decision_provision", "decision_account", "decision_ground"),
    *("content_type", "source_type", "automated_detection", "automated_decision", "end_date"),
    *("deed", "kind", "agenda", "rule", "appeal", "taken_back"),
)


@bp.get("/transparency")
def report() -> ResponseReturnValue:
    """The transparency report of a period."""
    figures = _figures()
    return _fresh(
        render_template(
            "register/report.html",
            figures=figures,
            reversals=queries.reversals(figures),
            today=now().date(),
            said_of_key=queries.said_of_key,
            flaggers=trusted_flaggers(),
            countries=country_names(),
        )
    )


@bp.get("/transparency.csv")
def report_csv() -> ResponseReturnValue:
    """The transparency report as CSV (RFC 4180): section, what, by what, number.

    Programs compare the files of several forums and years, so nothing in it depends on the language of the reader.
    """
    figures = _figures()
    name = f"transparency-{figures.period.first}-{figures.period.last}"
    return _fresh(sheet(name, _rows(figures)))


@bp.get("/transparency/decisions")
def index() -> ResponseReturnValue:
    """The register of decisions."""
    return _fresh(render_template("register/index.html", page=queries.entries(web.number("page"))))


@bp.get("/transparency/decisions.csv")
def index_csv() -> ResponseReturnValue:
    """The decisions of a period as CSV, with the fields of the EU's database and without a person or a text.

    Nothing in it depends on the language of the reader, as in `report_csv`.
    """
    chosen = _period()
    lines = ([_line(entry) for entry in entries] for entries in queries.entries_in(chosen))
    name = f"decisions-{chosen.first}-{chosen.last}"
    return _fresh(long_sheet(name, chain([[COLUMNS]], lines), ","))


def _figures() -> Figures:
    chosen = _period()
    return queries.figures(chosen, chosen.ended_months(now().date()))


def _period() -> Period:
    return period(web.text("from"), web.text("to"), now().date())


def _fresh(answer: str | Response) -> AnyResponse:
    """Keep a response out of the page cache, because reports change it and invalidate no other page."""
    page = make_response(answer)
    page.headers["Cache-Control"] = "no-cache, max-age=0"
    return page


def _line(entry: RegisterEntry) -> tuple[object, ...]:
    visibility, provision, account = EU_RESTRICTIONS[entry.deed]
    return (
        f"decision-{entry.number}",
        entry.day,
        *(visibility, provision, account, entry.eu_ground),
        "CONTENT_TYPE_OTHER" if entry.kind == "member" else "CONTENT_TYPE_TEXT",
        entry.eu_source,
        "Yes" if entry.is_automated else "No",
        "AUTOMATED_DECISION_NOT_AUTOMATED",  # a moderator decides
        entry.until,
        *(entry.deed, entry.kind, entry.agenda.slug if entry.agenda else ""),
        f"{entry.rule}. {rule_in_english(entry.rule_name)}" if entry.rule else "",
        entry.appeal,
        "yes" if entry.is_taken_back else "no",
    )


def _rows(figures: Figures) -> Iterator[tuple[str, str, str, object]]:
    yield "section", "what", "by", "number"
    yield "period", "first day", "", figures.period.first
    yield "period", "last day", "", figures.period.last
    months = figures.months
    yield "months of reports and orders", "first day", "", "" if months.is_empty else months.first
    yield "months of reports and orders", "last day", "", "" if months.is_empty else months.last
    for (reason, source), number in figures.reports.items():
        yield "reports", reason, source, number
    yield "reports", "answered", "", figures.answered
    yield "reports", "waiting at the end", "", figures.waiting
    yield "reports", "median hours to decision", "", _rounded(figures.hours_to_decision)
    trusted = figures.trusted
    yield "trusted flaggers", "reports", "", trusted.sent
    yield "trusted flaggers", "answered", "", trusted.answered
    yield "trusted flaggers", "led to a restriction", "", trusted.restricted
    yield "trusted flaggers", "median hours to decision", "", _rounded(trusted.hours_to_decision)
    for (deed, is_automated), number in figures.deeds.items():
        yield "restrictions", deed, "machine" if is_automated else "person", number
    for source, number in figures.sources.items():
        yield "restrictions by source", source, "", number
    for ground, number in figures.grounds.items():
        yield "restrictions by ground", ground, "", number
    for kind, number in figures.suspensions.items():
        yield "suspensions for misuse", kind, "", number
    yield "decisions", "kept", "", figures.kept
    yield "decisions", "taken back", "", figures.taken_back
    yield "appeals", "made", "", figures.appeals
    for outcome, number in figures.appeals_by.items():
        yield "appeals", outcome, "", number
    yield "appeals", "median hours to answer", "", _rounded(figures.hours_to_answer)
    for (kind, state), number in figures.orders.by_state.items():
        yield "orders", kind, state, number
    for effect, number in figures.orders.by_effect.items():
        yield "orders by effect", effect or "nothing yet", "", number
    confirmed, followed = figures.orders.days_to_confirm, figures.orders.days_to_effect
    yield "orders", "median days to confirmation", "", _rounded(confirmed)
    yield "orders", "median days to effect", "", _rounded(followed)


def _rounded(time: float | None) -> object:
    return "" if time is None else round(time, 1)
