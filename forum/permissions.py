"""Who may do what (*right*) and who may see what (*reach*): every rule of the forum, one sentence each.

A right is a method of `Can`, a pure question over rows that are already loaded: `member.can.reply(topic)`.
It answers with a `Verdict`, which is true or false and, when false, says why in words for the person.
Actions `require` it, templates ask it to show a button. No other file names a role.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from flask_babel import format_datetime
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, false, or_, true

from forum.db import constant, long_lived, now
from forum.errors import Forbidden

if TYPE_CHECKING:
    from forum.agendas.models import Agenda
    from forum.appeals.models import Appeal
    from forum.appeals.queries import Standing
    from forum.dialogue.models import Held, Mark, Post, Topic
    from forum.dialogue.queries import AgendaLine, Ground, Line, OfTopic, TopicLine
    from forum.invitations.models import Entrance
    from forum.library.models import Practice
    from forum.members.models import Member, Organisation
    from forum.moderation.models import Decision

P = ParamSpec("P")
R = TypeVar("R")
MEMBER, MODERATOR, ADMINISTRATOR = ROLES = ("member", "moderator", "administrator")
PUBLIC, MEMBERS = AUDIENCES = ("public", "members")
MOST_KEPT = 200  # statements of each kind; hosts have reaches of their own
MOST_OF_A_SPAMMER = 100  # posts; with more, somebody is no newcomer
EDIT_WITHOUT_TRACE = timedelta(minutes=15)


@dataclass(frozen=True)
class Verdict:
    """The answer to a question of right: true when `why_not` is None."""

    why_not: LazyString | str | None = None

    def __bool__(self) -> bool:
        return self.why_not is None


YES = Verdict()
NO = Verdict(_("You may not do this."))
SIGN_IN = Verdict(_("Sign in to do this."))
# Asked for at every post of a page, so that they are made once
NOT_EDITOR = Verdict(_("Only the author may edit this."))
NOT_AUTHOR = Verdict(_("Only the author may delete this."))
NOT_MODERATOR = Verdict(_("This is for the moderators of this agenda."))
FOR_MODERATORS = Verdict(_("This is for moderators."))
FOR_ADMINISTRATORS = Verdict(_("This is for administrators."))
NO_QUESTION = Verdict(_("Only a question has an answer."))
HELD = Verdict(
    _("This waits until you have set up a second factor: a passkey, or codes from an app.")
)
LOCKED = Verdict(_("This topic is locked. It can be read, not continued."))


def _locked(reason: str) -> Verdict:
    """That a topic takes no more replies, with what its readers are told of why."""
    if not reason:
        return LOCKED
    said = _(
        "This topic is locked. It can be read, not continued. Reason: %(reason)s", reason=reason
    )
    return Verdict(str(said))  # what is lazy counts as HTML already, and this was typed


def require(verdict: Verdict) -> None:
    """Raise `Forbidden` with the verdict's sentence unless it is a yes."""
    if not verdict:
        raise Forbidden(str(verdict.why_not))


class Rights(NamedTuple):
    """The answers to all questions about one post, for pages that show many posts."""

    take_part: bool = False
    reply: bool = False
    mark: bool = False
    choose_answer: bool = False
    edit: bool = False
    delete: bool = False
    report: bool = False
    moderate: bool = False
    restore: bool = False


NONE = Rights()


class Person:
    """Anybody who asks for a page: a visitor, a member, or the system itself."""

    id: Any = None
    role: Any = ""
    name: Any = ""
    handle: Any = ""
    language: Any = "en"
    hosted: Any = ()
    ignored: Any = ()
    organisation_id: Any = None
    city_id: Any = None
    joined_at: Any = None
    suspended_until: Any = None
    silenced_until: Any = None
    hidden_at: Any = None
    terms_due_at: Any = None
    leaving_at: Any = None
    left_at: Any = None
    factor_at: Any = None
    held_at: Any = None
    posts_count: Any = 0
    waiting_count: Any = 0

    @property
    def is_member(self) -> bool:
        """Whether the person is signed in with an account that may be used now."""
        is_open = self.leaving_at is None and self.left_at is None
        return self.role in ROLES and not self.is_suspended and is_open

    @property
    def is_leaving(self) -> bool:
        """Whether the person has closed the account and can still open it again."""
        return self.role in ROLES and self.leaving_at is not None and self.left_at is None

    @property
    def owes_terms(self) -> bool:
        """Whether terms of use are in force that the person has not agreed to."""
        return self.terms_due_at is not None and not _is_ahead(self.terms_due_at)

    @property
    def is_suspended(self) -> bool:
        """Whether a moderator has closed the account for the time being."""
        return _is_ahead(self.suspended_until)

    @property
    def is_silenced(self) -> bool:
        """Whether the person may read but not write for the time being, nor decide about others."""
        return _is_ahead(self.silenced_until)

    @property
    def is_held(self) -> bool:
        """Whether the person has rights over others that wait until there is a second factor.

        Until then they are a plain member: each of these rights begins with `is_moderator`, `is_administrator` or
        `hosts`, here and in what a reader may see.
        """
        return self.held_at is not None and self.has_office

    @property
    def has_office(self) -> bool:
        """Whether the person has rights over others, be it that they wait."""
        return self.role in ROLES[1:] or bool(self.hosted)

    @property
    def may_decide(self) -> bool:
        """Whether rights over others can be used now; while one is silenced they wait as those of who is held do."""
        return self.is_member and not self.is_held and not self.is_silenced

    @property
    def hosts(self) -> Sequence[int]:
        """The agendas that the person moderates as their host: `hosted`, unless that waits."""
        return self.hosted if self.hosted and self.may_decide else ()

    @property
    def is_moderator(self) -> bool:
        """Whether the person moderates the whole forum."""
        return self.role in ROLES[1:] and self.may_decide

    @property
    def is_administrator(self) -> bool:
        """Whether the person runs the forum."""
        return self.role == ADMINISTRATOR and self.may_decide

    @property
    def is_curator(self) -> bool:
        """Whether the person moderates anything at all: the forum, or an agenda as its host."""
        return self.is_moderator or bool(self.hosts)

    @property
    def can(self) -> Can:
        """The rights of this person, one method for each deed."""
        return Can(self)

    def rights_in_topic(self) -> Callable[[Post | Line], Rights]:
        """`rights` for the posts of one topic, on one page: posts that differ in nothing they ask are asked about once."""
        known: dict[tuple[bool, bool, bool], Rights] = {}

        def rights(post: Post | Line) -> Rights:
            asked = (post.author_id == self.id, post.deleted_at is None, bool(post.is_gone))
            if asked not in known:
                known[asked] = self.rights(post)
            return known[asked]

        return rights

    def rights(self, post: Post | Line) -> Rights:
        """All that this person may do with a post; a visitor may do nothing."""
        if not self.is_member:
            return NONE
        can, topic = self.can, post.topic
        return Rights(
            take_part=True,
            reply=bool(can.reply(topic)),
            mark=bool(can.mark(post)),
            choose_answer=bool(can.choose_answer(topic)),
            edit=bool(can.edit(post)),
            delete=bool(can.delete(post)),
            report=bool(can.report(post.author_id)),
            moderate=bool(can.moderate(topic.agenda_id)),
            restore=bool(can.restore(post)),
        )


class Visitor(Person):
    """Somebody who is not signed in."""


class System(Person):
    """The worker and the commands: may do everything, signs nothing."""

    role = ADMINISTRATOR
    name = "system"

    @property
    def can(self) -> Can:
        """The rights of the system: all."""
        return Everything(self)


class AnyMember(Person):
    """A member, and nobody in particular: sees what every member sees, and nothing that is somebody's own."""

    role = MEMBER


VISITOR = Visitor()
ANY_MEMBER = AnyMember()
SYSTEM = System()


class Can:
    """What a person may do."""

    def __init__(self, person: Person) -> None:
        self.person = person

    # Taking part

    def join(self) -> Verdict:
        """Somebody without an account may join."""
        return Verdict(_("You are a member already.")) if self.person.is_member else YES

    def sign_in(self) -> Verdict:
        """Whoever has an account signs in, unless it is suspended now."""
        if self.person.is_suspended:
            return Verdict(
                _(
                    "A moderator has suspended this account until %(day)s, UTC."
                    " If you think that this is wrong, write to us.",
                    day=_moment(self.person.suspended_until),
                )
            )
        return YES if self.person.is_member or self.person.is_leaving else NO

    def write(self) -> Verdict:
        """A member who is not silenced may write."""
        if not self.person.is_member:
            return SIGN_IN
        if self.person.is_silenced:
            return Verdict(
                _(
                    "A moderator has paused your right to write until %(day)s, UTC."
                    " You can still read. Your notices say why, and how to appeal.",
                    day=_moment(self.person.silenced_until),
                )
            )
        if self.person.owes_terms:
            return Verdict(
                _("There are new terms of use. Read them and agree, then you can write again.")
            )
        return YES

    def contact(self, member: Member) -> Verdict:
        """A member who may write sends another one a letter, who is there and wants to get some."""
        if not (verdict := self.write()):
            return verdict
        if member.id == self.person.id:
            return Verdict(_("This is you."))
        if self.person.hidden_at is not None or not _is_reached(member):
            return Verdict(_("This member cannot be written to."))
        return YES

    def ignore(self, member: Member) -> Verdict:
        """Members ignore one another; what moderators decide reaches them all the same."""
        if not self.person.is_member:
            return SIGN_IN
        return Verdict(_("This is you.")) if member.id == self.person.id else YES

    def agree(self) -> Verdict:
        """Members agree to the terms of use."""
        return YES if self.person.is_member else SIGN_IN

    def take_data(self) -> Verdict:
        """Whoever has an account takes all that is kept about them, also while it is closed."""
        return YES if self.person.is_member or self.person.is_leaving else SIGN_IN

    def leave(self, member: Member) -> Verdict:
        """Members close their own account; an administrator closes that of somebody who asks for it."""
        if member.id == self.person.id and self.person.is_member:
            return YES
        return self.administer()

    def stay(self, member: Member) -> Verdict:
        """Who has closed the account opens it again; an administrator does so for somebody who asks."""
        if member.id == self.person.id and self.person.is_leaving:
            return YES
        return self.administer()

    def edit_profile(self, member: Person) -> Verdict:
        """Members change their own profile, settings and password, and nobody else's."""
        return YES if self.person.is_member and member.id == self.person.id else NO

    def write_for_organisation(self) -> Verdict:
        """A member who belongs to an organisation may write for it."""
        if not self.person.organisation_id:
            return Verdict(_("Your profile names no organisation to write for."))
        return self.write()

    def see_notices(self) -> Verdict:
        """Members have an inbox."""
        return YES if self.person.is_member else SIGN_IN

    def watch(self) -> Verdict:
        """Members watch and mute what they can read."""
        return YES if self.person.is_member else SIGN_IN

    # Letting others in

    def invite(self, entrance: Entrance) -> Verdict:
        """Moderators make invitations; every member does when the administrator has chosen so."""
        if self.person.is_moderator or entrance.inviters == "members":
            return self.write()
        return Verdict(_("The moderators make invitations here."))

    def invite_for(self, organisation: Organisation) -> Verdict:
        """For an organisation invite moderators and the member who represents it."""
        is_theirs = organisation.representative_id == self.person.id is not None
        if self.person.is_moderator or is_theirs:
            return self.write()
        return Verdict(_("Only its representative and the moderators invite for an organisation."))

    def let_in(self, entrance: Entrance, organisation: Organisation | None) -> Verdict:
        """An invitation lets people in as long as its maker may still invite.

        Terms that the maker has not agreed to yet do not matter.
        """
        person = self.person
        if not person.is_member or person.is_silenced:
            return NO
        is_open = entrance.inviters == "members"
        if organisation is not None:
            is_open = organisation.representative_id == person.id is not None
        return YES if is_open or person.is_moderator else NO

    def see_seats(self, organisation: Organisation) -> Verdict:
        """Who holds the seats of an organisation is seen by its representative and by moderators."""
        is_theirs = organisation.representative_id == self.person.id is not None
        if self.person.is_moderator or (self.person.is_member and is_theirs):
            return YES
        return Verdict(_("This is for the representative of the organisation."))

    def admit(self) -> Verdict:
        """Moderators decide who may join, where joining is by approval."""
        return YES if self.person.is_moderator else self._unless_it_waits(FOR_MODERATORS)

    # Dialogue

    def open_topic(self, agenda: Agenda | AgendaLine | Ground) -> Verdict:
        """A member opens topics on an agenda that is not archived."""
        if agenda.archived_at:
            return Verdict(_("This agenda is archived. Its dialogue can be read, not continued."))
        return self.write()

    def reply(self, topic: Topic | TopicLine | OfTopic) -> Verdict:
        """A member replies to a topic that is neither locked, hidden nor deleted, on an open agenda."""
        if topic.deleted_at or topic.hidden_at:
            return Verdict(_("This topic is hidden or removed, so it takes no more replies."))
        if topic.locked_at and not self.moderate(topic.agenda_id):
            return _locked(topic.locked_reason)
        return self.open_topic(topic.agenda)

    def edit(self, post: Post | Line) -> Verdict:
        """Authors edit their own post while it is shown and its topic takes replies."""
        if post.author_id != self.person.id:
            return NOT_EDITOR
        if post.is_gone:
            return Verdict(_("This text has been removed, so it cannot be edited."))
        return self.reply(post.topic)

    def delete(self, post: Post | Line) -> Verdict:
        """Authors delete their own post, even in a locked topic; a post that is gone stays gone."""
        if not self.person.is_member:
            return SIGN_IN
        if post.author_id != self.person.id or post.deleted_at:
            return NOT_AUTHOR
        return YES

    def compare(self, post: Post) -> Verdict:
        """Whoever reads a post may read what it said before, unless the post is gone."""
        return NO if post.is_gone else YES

    def mark(self, post: Post | Line) -> Verdict:
        """Members who may write mark what others wrote; authors do not mark their own."""
        if not (verdict := self.write()):
            return verdict
        if post.is_gone or post.topic.hidden_at or post.topic.deleted_at:
            return Verdict(_("This text has been removed, so it cannot be marked."))
        if post.author_id == self.person.id:
            return Verdict(_("You wrote this, so the mark is for others to give."))
        return YES

    def change_note(self, mark: Mark) -> Verdict:
        """Members change what they say to their own mark, unless moderators hide it; they may take the mark back."""
        if mark.member_id != self.person.id:
            return NOT_EDITOR
        if mark.hidden_at:
            return Verdict(
                _(
                    "The moderators have hidden what you said about this, so that nothing else is said in its place. You can appeal against the decision."
                )
            )
        return self.write()

    def choose_answer(self, topic: Topic | OfTopic) -> Verdict:
        """The asker, or who moderates the agenda, chooses the answer to a question."""
        if topic.kind != "question":
            return NO_QUESTION
        if topic.author_id == self.person.id and self.person.is_member:
            return YES
        return self.moderate(topic.agenda_id)

    # Before publication

    def pass_screening(self, agenda_id: int | None) -> Verdict:
        """What moderators and hosts write where they moderate appears without being held back by a rule."""
        return self.moderate(agenda_id)

    def see_held(self, held: Held) -> Verdict:
        """A text that waits, or was refused, is seen by its author and by who moderates its agenda."""
        if held.author_id == self.person.id and self.person.is_member:
            return YES
        return self.moderate(held.agenda_id)

    def revise(self, held: Held) -> Verdict:
        """Authors who may write change their own text that waits or was refused, and send it again."""
        if held.author_id != self.person.id:
            return NOT_EDITOR
        return self.write()

    def take_back(self, held: Held) -> Verdict:
        """Authors take back their own text that waits or was refused."""
        if held.author_id != self.person.id:
            return NOT_AUTHOR
        return YES if self.person.is_member else SIGN_IN

    # Advice

    def see_asked(self, topic: Topic) -> Verdict:
        """The asker, and who moderates the agenda, see whom a question asks and what became of it."""
        if topic.kind != "question":
            return Verdict(_("Only a question asks members for advice."))
        if topic.author_id == self.person.id and self.person.is_member:
            return YES
        return self.moderate(topic.agenda_id)

    def ask(self, topic: Topic) -> Verdict:
        """The asker, or who moderates the agenda, asks members about a question that takes replies."""
        return self.reply(topic) if (verdict := self.see_asked(topic)) else verdict

    def be_asked(self) -> Verdict:
        """Members say whether and when they are asked, and what they make of it."""
        return YES if self.person.is_member else SIGN_IN

    def advise(self, topic: Topic) -> Verdict:
        """Who may reply to a question of somebody else may be asked about it."""
        if topic.kind != "question":
            return Verdict(_("Only a question asks members for advice."))
        if topic.author_id == self.person.id:
            return Verdict(_("This is the person who asks."))
        return self.reply(topic)

    def follow_up(self, topic: Topic) -> Verdict:
        """Askers tell what happened next, once somebody has replied and while the topic takes replies, unless it is hidden."""
        if topic.kind != "question" or topic.author_id != self.person.id:
            return Verdict(_("Only who asked the question tells what happened next."))
        if not topic.replies_count:
            return Verdict(_("Nobody has replied yet. Tell what happened next when somebody has."))
        if topic.follow_up_hidden_at:
            return Verdict(_("This text has been removed, so it cannot be edited."))
        return self.reply(topic)

    def withdraw_follow_up(self, topic: Topic) -> Verdict:
        """Askers take back what they told of what happened next, though nothing more is written in the topic.

        While moderators hide it there is nothing to take out of sight, and it would come back by being told again.
        """
        if topic.follow_up_hidden_at:
            return Verdict(
                _(
                    "The moderators have hidden this, and it is kept for as long as their decision stands. You can appeal against the decision."
                )
            )
        if topic.author_id == self.person.id and self.person.is_member:
            return YES
        return Verdict(_("Only who asked the question tells what happened next."))

    # Library

    def write_practice(self, agenda: Agenda) -> Verdict:
        """A member shares practices on an agenda that is not archived."""
        return self.open_topic(agenda)

    def edit_practice(self, practice: Practice) -> Verdict:
        """Authors edit their own practice; who moderates its agenda may curate it."""
        if practice.deleted_at:
            return Verdict(_("This practice has been deleted."))
        if practice.author_id == self.person.id:
            return self.write()
        return self.moderate(practice.agenda_id)

    def submit_practice(self, practice: Practice) -> Verdict:
        """Authors hand their own practice to the moderators, on an agenda that is not archived, unless it is hidden."""
        if practice.author_id != self.person.id or practice.deleted_at:
            return Verdict(_("Only the author may submit this."))
        if practice.hidden_at:
            return Verdict(_("A moderator has hidden this practice, so it cannot be submitted."))
        return self.write_practice(practice.agenda)

    def delete_practice(self, practice: Practice) -> Verdict:
        """Authors delete their own practice."""
        if practice.author_id != self.person.id or practice.deleted_at:
            return NOT_AUTHOR
        return YES if self.person.is_member else SIGN_IN

    # Moderating

    def report(self, author_id: int | None) -> Verdict:
        """Members report what others wrote."""
        if not self.person.is_member:
            return SIGN_IN
        if author_id == self.person.id:
            return Verdict(_("This is yours: you can edit or delete it yourself."))
        return YES

    def report_illegal(self) -> Verdict:
        """Everybody reports what is illegal, without an account too; the law asks for it."""
        return YES

    def moderate(self, agenda_id: int | None) -> Verdict:
        """Moderators moderate everything; a host, what belongs to the host's own agenda."""
        person = self.person
        if person.is_moderator or agenda_id in person.hosts:
            return YES
        return self._unless_it_waits(NOT_MODERATOR)

    def restore(self, post: Post | Line) -> Verdict:
        """Who moderates its agenda shows a hidden post again where it stands; one's own in the queue, if one hid it oneself."""
        if post.author_id == self.person.id:
            return Verdict(_("It is your own, so another moderator decides about it."))
        return self.moderate(post.topic.agenda_id)

    def see_queue(self) -> Verdict:
        """Moderators and hosts see the queue; a host, the part that belongs to the host's agendas."""
        return YES if self.person.is_curator else self._unless_it_waits(FOR_MODERATORS)

    def judge(self, author_id: int | None) -> Verdict:
        """Who sees the queue judges what others wrote; of reports of one's own one learns nothing and decides nothing."""
        if author_id == self.person.id is not None:
            return Verdict(_("It is your own, so other moderators look at it."))
        return self.see_queue()

    def move_away(self, topic: Topic) -> Verdict:
        """A topic leaves its agenda by who moderates that one and at least one other."""
        has_another = self.person.is_moderator or set(self.person.hosts) - {topic.agenda_id}
        if not has_another:
            return Verdict(_("You moderate no other agenda, so ask a moderator to move the topic."))
        return self.moderate(topic.agenda_id)

    def move(self, topic: Topic, agenda: Agenda) -> Verdict:
        """A topic is moved by who moderates both the agenda it leaves and the one it comes to."""
        if agenda.archived_at:
            return Verdict(_("That agenda is archived. Choose an open one."))
        return self.moderate(topic.agenda_id) and self.moderate(agenda.id)

    def split(self, topic: Topic, agenda: Agenda) -> Verdict:
        """Posts leave a topic for a new one by who moderates its agenda, and the new one's, which is open then."""
        if agenda.id == topic.agenda_id:
            return self.moderate(topic.agenda_id)
        return self.move(topic, agenda)

    def merge(self, topic: Topic, target: Topic) -> Verdict:
        """A topic is put into another by who moderates the agendas of both."""
        return self.moderate(topic.agenda_id) and self.moderate(target.agenda_id)

    # Curating

    def curate(self, agenda: Agenda) -> Verdict:
        """Who moderates an agenda, and may write, writes its page, statements, cases, readings, and archives it."""
        return self.write() if (verdict := self.moderate(agenda.id)) else verdict

    def curate_all(self) -> Verdict:
        """Moderators make and order agendas, and keep themes and organisations."""
        return YES if self.person.is_moderator else self._unless_it_waits(FOR_MODERATORS)

    def suspend(self, member: Member) -> Verdict:
        """Moderators suspend members; only an administrator suspends a moderator; nobody themselves."""
        if member.id == self.person.id:
            return Verdict(_("You cannot suspend yourself."))
        if member.role != MEMBER:
            return self.administer()
        return self.curate_all()

    def appeal(self, standing: Standing) -> Verdict:
        """Whom a decision concerns appeals against it once, within six months and while it holds, also when suspended."""
        if self.person.role not in ROLES or self.person.left_at is not None:
            return SIGN_IN
        if not standing.is_concerned:
            return Verdict(_("Only whom this decision restricts can appeal against it."))
        if standing.has_appealed:
            return Verdict(_("You have appealed against this decision already."))
        if not standing.holds:
            return Verdict(_("This decision holds no more, so there is nothing to appeal against."))
        if standing.is_over:
            return Verdict(
                _("Six months have passed since this decision, so it can no longer be appealed.")
            )
        return YES

    def decide_appeal(self, appeal: Appeal) -> Verdict:
        """Another moderator than the first answers an appeal, who is no party to it."""
        decision = appeal.decision
        if not (verdict := self.moderate(decision.present_agenda_id)):
            return verdict
        if decision.moderator_id == self.person.id:
            return Verdict(_("You made this decision, so another moderator looks at it again."))
        if self.person.id in (decision.author_id, appeal.appellant_id):
            return Verdict(_("This is about yourself, so another moderator decides."))
        return YES

    def give_back(self, decision: Decision) -> Verdict:
        """Who moderates an agenda ends what a decision did there, but not what others decided about oneself: one appeals."""
        is_mine = decision.author_id == self.person.id is not None
        if is_mine and decision.moderator_id != self.person.id:
            return Verdict(
                _("Another moderator decided this about yourself, so you can appeal against it.")
            )
        return self.moderate(decision.present_agenda_id)

    def see_decision(self, decision: Decision) -> Verdict:
        """Who moderates the agenda of a decision, or the one where its thing is now, reads all of it."""
        return self.moderate(decision.present_agenda_id) or self.moderate(decision.agenda_id)

    def clear_spam(self, member: Member) -> Verdict:
        """Who may suspend a member clears away what a spammer did, as long as it is little: else it is no such account."""
        if member.posts_count > MOST_OF_A_SPAMMER:
            return Verdict(
                _("This member has written too much to be a spammer. Decide about each text.")
            )
        return self.suspend(member)

    def note_about(self, member: Member) -> Verdict:
        """Moderators note for each other what they should know of a member, and read it; nobody about themselves."""
        if member.id == self.person.id:
            return Verdict(_("This is you."))
        return self.curate_all()

    def administer(self) -> Verdict:
        """Administrators give roles and change what the forum is called."""
        is_one = self.person.is_administrator
        return YES if is_one else self._unless_it_waits(FOR_ADMINISTRATORS)

    def _unless_it_waits(self, no: Verdict) -> Verdict:
        """A no, with the way to a yes for those whose rights wait."""
        if self.person.is_held:
            return HELD
        return self.write() if self.person.is_silenced and self.person.has_office else no


class Everything(Can):
    """The rights of the system: a yes to every question about moderating and administering."""

    def join(self) -> Verdict:
        """Yes: the commands and imports make accounts for others."""
        return YES

    def moderate(self, agenda_id: int | None) -> Verdict:
        """Yes."""
        return YES

    def curate_all(self) -> Verdict:
        """Yes."""
        return YES

    def administer(self) -> Verdict:
        """Yes."""
        return YES


def _is_reached(member: Member) -> bool:
    """Whether letters of others reach a member: the account is open and shown, and its owner wants them."""
    is_here = member.is_member and member.hidden_at is None
    return is_here and member.takes_letters and member.mail_paused_at is None


def _moment(at: datetime) -> LazyString:
    """A day and time in words, once it is known in which language."""
    return LazyString(format_datetime, at, "d MMMM yyyy, HH:mm")


def moderates(role: Any) -> Any:
    """Whether a role (a word, or a column that holds one) is one of those with rights over the whole forum."""
    return role != MEMBER


def administers(role: Any) -> Any:
    """Whether a role (a word, or a column that holds one) is that of those who run the forum."""
    return role == ADMINISTRATOR


# Reach: what a reader may see, said for Python and for SQL side by side.


def audiences(reader: Person) -> Sequence[str]:
    """The audiences that a reader belongs to: everybody reads what is public, members what is for members."""
    return AUDIENCES if reader.is_member else (PUBLIC,)


def reads(reader: Person, audience: str) -> bool:
    """Whether the reader belongs to an audience."""
    return audience in audiences(reader)


def read_by(reader: Person, audience: Any) -> ColumnElement[bool]:
    """The same in SQL, over a column that holds the audience."""
    is_read: ColumnElement[bool] = audience.in_([constant(one) for one in audiences(reader)])
    return is_read


def sees_hidden(reader: Person, agenda_id: int | None) -> bool:
    """Whether the reader sees what is hidden on an agenda: who moderates it does."""
    return bool(reader.can.moderate(agenda_id))


def for_reach(build: Callable[P, R]) -> Callable[P, R]:
    """Keep the statement that a function makes: it may depend on the reader, its first argument, by reach alone.

    What else it depends on are its further arguments; ids and numbers come in as bound parameters.
    """
    kept: dict[Any, R] = {}

    @wraps(build)
    def statement(*args: P.args, **kwargs: P.kwargs) -> R:
        reader: Any = args[0]
        reach = (reader.is_member, reader.is_moderator, tuple(reader.hosts))
        key = (reach, args[1:], *kwargs.items())
        made = kept.get(key)
        if made is None:
            if len(kept) > MOST_KEPT:
                kept.clear()  # other threads keep what they hold
            made = kept[key] = build(*args, **kwargs)
        return made

    return statement


def remembered(reader: Person, what: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """What visitors, or members, all see alike, remembered as by `long_lived`; who moderates reads it afresh."""
    if reader.is_moderator or reader.hosts:
        return read()
    return long_lived((what, reader.is_member), read, *scopes)


def shown_to(reader: Person, hidden_at: Any, agenda_id: Any) -> ColumnElement[bool]:
    """In SQL: not hidden, or on an agenda that the reader moderates."""
    if reader.is_moderator:
        return true()
    if reader.hosts:
        return or_(hidden_at.is_(None), agenda_id.in_(tuple(reader.hosts)))
    is_shown: ColumnElement[bool] = hidden_at.is_(None)
    return is_shown


def moderated_by(reader: Person, agenda_id: Any) -> ColumnElement[bool]:
    """In SQL: on an agenda that the reader moderates."""
    if reader.is_moderator:
        return true()
    if reader.hosts:
        is_hosted: ColumnElement[bool] = agenda_id.in_(tuple(reader.hosts))
        return is_hosted
    return false()


def _is_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > now()
