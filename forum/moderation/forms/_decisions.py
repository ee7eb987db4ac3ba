"""The fields that forms of several decisions have: a reason, the rule or the law, and a moderator's claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask_babel import gettext
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from forum.clock import now
from forum.members.forms import one_line
from forum.moderation.actions import MAX_REASON_LENGTH, Reasons
from forum.moderation.models import Order
from forum.rules.forms import RuleAwareForm
from forum.rules.queries import OfferedText, Rules
from forum.web import whole_number
from forum.webforms import Form
from forum.webforms import lazy_text as _

MAX_HOLDERS = 100  # members whose claims a form may name
MAX_RESTRICTION = timedelta(days=3650)
LAW_CHOICE = "law"  # the choice of a law instead of the number of a rule
NO_RULE_CHOICE = "none"
LENGTH_LIMIT = Length(
    max=MAX_REASON_LENGTH, message=_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH)
)
REASON_REQUIRED = DataRequired(_("Say why."))


class ClaimAwareForm(Form):
    """A form that carries whose claims on the thing its page showed."""

    holder = HiddenField()

    @property
    def holder_ids(self) -> list[int | None]:
        """The ids of the members whose claims were shown; None for a value that is no id."""
        typed = (self.holder.data or "").split(",")[:MAX_HOLDERS]
        return [whole_number(number) for number in typed]

    @property
    def holder_id(self) -> int | None:
        """The id of the member whose claim was shown, where there can be only one; None for no claim."""
        return self.holder_ids[0]


class DecisionAwareForm(ClaimAwareForm):
    """A form that carries the latest decision that its page showed."""

    seen = HiddenField()

    @property
    def seen_id(self) -> int | None:
        """The id of the latest decision shown; 0 for none, None when the form does not say."""
        return whole_number(self.seen.data or "")


class GivesReason:
    """A mixin for the reasons of a form that asks only for a reason."""

    reason: Field

    @property
    def reasons(self) -> Reasons:
        """The reasons as the action expects them."""
        return Reasons(self.reason.data or "")


class ReasonForm(DecisionAwareForm):
    """A form with a field `reason`, which a ready text can fill in."""

    is_mixed = False  # whether a ready text was added to words that the moderator had typed
    # Whether its words are to be edited before sending, so that the field gets the focus
    is_reworded = False

    def fill(self, ready: OfferedText) -> None:
        """Fill in the words of a ready text, and its rule if there is one. Words that were typed stay, above them."""
        reason = self["reason"]
        typed = (reason.data or "").strip()
        self.is_mixed = typed not in ("", ready.text)
        if ready.text not in typed:
            reason.data = f"{typed}\n\n{ready.text}" if typed else ready.text

    def validate_reason(self, _field: Field) -> None:
        """Show the form again when typed words and those of a ready text were combined, so that moderators look at them first."""
        if self.is_mixed:
            message = gettext("Your own words stand above those of the ready text. Look at both.")
            raise ValidationError(message)


class StatementForm(RuleAwareForm, ReasonForm):
    """A statement of reasons: the rule or the law, and what happened. A ready text can fill it in."""

    rule = SelectField(_("Rule or law"), default="", validate_choice=False)
    law = StringField(_("Which law"), [LENGTH_LIMIT], [one_line])
    is_automated = BooleanField(_("A machine pointed it out: a filter, a detector, a model"))
    reason = TextAreaField(_("What happened, and what to do now"), [REASON_REQUIRED, LENGTH_LIMIT])
    # The order of an authority that the decision follows; its law is then the ground
    order = SelectField(_("Which order"), default="", choices=[], validate_choice=False)
    ground_choices: frozenset[str] | set[str] = frozenset({""})
    may_follow_orders = False  # whether a moderator can ask for them
    offers_orders = False  # whether one has asked
    laws_of_orders: Mapping[str, str] = {}

    @property
    def needs_ground(self) -> bool:
        """Whether a rule or the law must be named."""
        return True

    def offer_rules(self, rules: Rules, *, needs_ground: bool = True) -> None:
        """Offer these rules, and the law, as grounds; where no ground is needed, the first choice is that no rule was broken."""
        self.note_rules(rules)
        named = [(str(rule.number), f"{rule.number}. {rule.name}") for rule in rules.rules]
        none = (
            []
            if needs_ground
            else [(NO_RULE_CHOICE, gettext("No rule: a mistake of our own, or out of date"))]
        )
        offered = [*none, *named, (LAW_CHOICE, gettext("It is illegal"))]
        self.rule.choices = [("", gettext("Choose")), *offered]
        self.ground_choices = {"", *(value for value, _name in offered)}

    def offer_orders(self, orders: Sequence[Order] | None, *, is_asked: bool) -> None:
        """Offer the orders of authorities that the decision may follow, once they are asked for; None for who may follow none."""
        orders, self.may_follow_orders = orders or (), orders is not None
        self.offers_orders = self.may_follow_orders and is_asked
        named = [(str(order.id), order.label) for order in orders]
        self.order.choices = [("", gettext("No order")), *named] if named else []
        self.laws_of_orders = {str(order.id): order.law for order in orders}

    @property
    def law_of_order(self) -> str:
        """The law of the chosen order; empty for none."""
        return self.laws_of_orders.get(self.order.data or "", "")

    def fill(self, ready: OfferedText) -> None:
        """Fill in the words, and the rule if there is one, of a ready text."""
        super().fill(ready)
        self.rule.data = str(ready.rule or "")

    @property
    def reasons(self) -> Reasons:
        """The reasons as the action expects them."""
        ground = self.rule.data or ""
        law = self.law.data if ground == LAW_CHOICE else ""
        is_ordered = bool(self.law_of_order)
        return Reasons(
            facts=self.reason.data or "",
            rule=int(ground) if ground.isdigit() and not is_ordered else 0,
            law=law or self.law_of_order,
            is_automated=self.is_automated.data,
            order_id=int(self.order.data) if is_ordered else None,
        )

    def validate_rule(self, field: Field) -> None:
        """Accept the offered grounds, and an empty one where the deed needs none."""
        ground = field.data or ""
        if self.law_of_order:
            return
        self.refuse_lost_rule()
        if ground not in self.ground_choices or (self.needs_ground and not ground):
            raise ValidationError(gettext("Choose the rule or name the law."))

    def validate_order(self, field: Field) -> None:
        """Accept the offered orders, and none."""
        if field.data and field.data not in self.laws_of_orders:
            raise ValidationError(gettext("Choose one from the list."))

    def validate_law(self, field: Field) -> None:
        """Require the name of the law when the law is the ground."""
        is_named = (field.data or "").strip() or self.law_of_order
        if self.rule.data == LAW_CHOICE and not is_named:
            raise ValidationError(gettext("Name the law, and the article if you know it."))


class RequiredReasonForm(GivesReason, ReasonForm):
    """A required reason for a deed without a broken rule: locking a topic, returning a practice."""

    reason = TextAreaField(_("Reason"), [REASON_REQUIRED, LENGTH_LIMIT])


def check_day_ahead(day: date | None) -> None:
    """Raise `ValidationError` unless it is a day from today to ten years ahead."""
    if day is None or day < now().date():
        raise ValidationError(gettext("Choose a day that is still ahead."))
    if day > now().date() + MAX_RESTRICTION:
        raise ValidationError(gettext("Choose a day within the next ten years."))
