"""Who may do what: every rule of the forum, one sentence each. What of the rows a reader finds is in `reach`.

A right is a method of `Can`, a pure function of rows that are already loaded: `member.can.reply(topic)`.
It returns a `Verdict`, which is true or false and, when false, says why in a sentence for the person. `this and that`
needs both rights, and says why not for the first that is missing; `this or that` needs one, and says why not for the last.
Actions `require` it, templates ask it whether to show a button. No file but this one and `principals`, which says what
follows from the state of an account, names a role.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from flask_babel import lazy_gettext as _

from forum import verdicts
from forum.clock import now
from forum.errors import Forbidden
from forum.principals import (
    ADMINISTRATOR,
    MEMBER,
    ROLES,
    Principal,
    is_future,
)
from forum.verdicts import NO, SIGN_IN, YES, Verdict

if TYPE_CHECKING:
    from forum.agendas.models import Agenda, Statement
    from forum.appeals.models import Appeal
    from forum.appeals.queries import Standing
    from forum.commitments.models import Commitment
    from forum.declarations.models import Declaration, Signature
    from forum.dialogue.models import Held, Mark, Post, Topic
    from forum.dialogue.queries import AgendaContext, AgendaRow, PostRow, TopicContext, TopicRow
    from forum.glossary.models import Proposal
    from forum.invitations.models import Entrance
    from forum.library.models import Case, Practice
    from forum.meetings.models import Attendance, Meeting
    from forum.members.models import Member, Organisation
    from forum.moderation.models import Decision
    from forum.parallels.models import Translation
    from forum.pictures.models import Picture

PUBLIC, MEMBERS = AUDIENCES = ("public", "members")
MAX_SPAMMER_POSTS = 100  # who has written more is no newcomer
HANDLE_INTERVAL = timedelta(days=30)  # between two changes of a handle
EARLIER_HANDLES_SHOWN = timedelta(days=180)  # to moderators: nobody escapes them by a change


def require(verdict: Verdict) -> None:
    """Raise `Forbidden`, with the verdict's sentence, if the verdict is no."""
    if not verdict:
        raise Forbidden(str(verdict.why_not))


class Rights(NamedTuple):
    """All rights of one person over one post, for pages that show many posts."""

    take_part: bool = False
    reply: bool = False
    mark: bool = False
    choose_answer: bool = False
    edit: bool = False
    delete: bool = False
    report: bool = False
    moderate: bool = False
    restore: bool = False

    @property
    def for_another(self) -> Rights:
        """These rights over a post that another moderator has to restore."""
        return self._replace(restore=False)


NO_RIGHTS = Rights()


class Person(Principal):
    """Anybody who acts, and what they may do. The model `Member` inherits from it.

    `sees_preparation` is for exports: see `with_preparation`.
    """

    sees_preparation = False

    @property
    def can(self) -> Can:
        """The rights of this person, one method for each deed."""
        return Can(self)

    def rights_in_topic(self) -> Callable[[Post | PostRow], Rights]:
        """The method `rights` for the posts of one topic on one page; posts that are alike are judged once.

        The key holds everything of a post on which its rights depend.
        """
        known: dict[tuple[bool, bool, bool], Rights] = {}

        def rights(post: Post | PostRow) -> Rights:
            key = (post.author_id == self.id, post.deleted_at is None, bool(post.is_gone))
            if key not in known:
                known[key] = self.rights(post)
            return known[key]

        return rights

    def rights(self, post: Post | PostRow) -> Rights:
        """All that this person may do with a post; a visitor may do nothing."""
        if not self.is_member:
            return NO_RIGHTS
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
    """The worker and the commands: they may moderate and administer, and write nothing in their own name."""

    role = ADMINISTRATOR
    name = "system"

    @property
    def can(self) -> Can:
        """The rights of the system."""
        return SystemCan(self)


def with_preparation(reader: Person) -> Person:
    """The same reader, who also sees the agendas in preparation, and of what is on them what they see elsewhere."""
    seeing = copy(reader)
    seeing.sees_preparation = True
    return seeing


class AnyMember(Person):
    """A member, but no particular one: sees what every member sees, and nothing that only its author sees."""

    role = MEMBER


VISITOR = Visitor()
ANY_MEMBER = AnyMember()
SYSTEM = System()


class Can:
    """What a person may do: a method for each deed, under the deed's name, that returns a `Verdict`."""

    def __init__(self, person: Person) -> None:
        self.person = person

    # Taking part

    def join(self) -> Verdict:
        """Somebody without an account may join."""
        return Verdict(_("You are a member already.")) if self.person.is_member else YES

    def sign_in(self) -> Verdict:
        """People with an account can sign in, unless it is suspended now."""
        if self.person.is_suspended:
            return verdicts.suspended_until(self.person.suspended_until)
        return YES if self.person.is_member or self.person.is_leaving else NO

    def write(self) -> Verdict:
        """A member who is not silenced and owes no agreement to terms may write."""
        kept_from_it = self.person.kept_from_writing
        if kept_from_it == "silenced":
            return verdicts.silenced_until(self.person.silenced_until)
        if kept_from_it == "terms":
            return verdicts.NEW_TERMS
        return SIGN_IN if kept_from_it else YES

    def be_published(self) -> Verdict:
        """What waits for a moderator is published in its author's name only while the author may write."""
        return verdicts.AUTHOR_KEPT_FROM_WRITING.get(self.person.kept_from_writing, YES)

    def contact(self, member: Member) -> Verdict:
        """A member who may write sends a letter to another whose account is open and who accepts letters."""
        if not (verdict := self.write()):
            return verdict
        if member.id == self.person.id:
            return verdicts.THIS_IS_YOU
        if self.person.hidden_at is not None or not _accepts_letters(member):
            return verdicts.TAKES_NO_LETTERS
        return YES

    def tell_hosts(self) -> Verdict:
        """Moderators of the whole forum who may write send one letter to the hosts of agendas."""
        return self.curate_all() and self.write()

    def be_invited_to_contact(self, member: Member) -> Verdict:
        """A visitor is told that members can write to somebody who accepts letters."""
        if self.person.is_member:
            return Verdict(_("You are signed in."))
        return YES if _accepts_letters(member) else verdicts.TAKES_NO_LETTERS

    def ignore(self, member: Member) -> Verdict:
        """Members ignore other members; they still receive what those decide as moderators."""
        if not self.person.is_member:
            return SIGN_IN
        return verdicts.THIS_IS_YOU if member.id == self.person.id else YES

    def agree(self) -> Verdict:
        """Members agree to the terms of use."""
        return self._signed_in()

    def take_data(self) -> Verdict:
        """People with an account can download all data about themselves, also while the account is being closed."""
        return YES if self.person.is_member or self.person.is_leaving else SIGN_IN

    def leave(self, member: Member) -> Verdict:
        """Members close their own account; an administrator closes that of somebody who asks for it."""
        if member.id == self.person.id and self.person.is_member:
            return YES
        return self.administer()

    def stay(self, member: Member) -> Verdict:
        """Members who are leaving open their account again; an administrator does so for somebody who asks."""
        if member.id == self.person.id and self.person.is_leaving:
            return YES
        return self.administer()

    def edit_profile(self, member: Person) -> Verdict:
        """Members change their own profile, settings and password, and nobody else's."""
        if not self.person.is_member:
            return SIGN_IN
        return YES if member.id == self.person.id else NO

    def change_handle(self, member: Person) -> Verdict:
        """Members who may write change their own handle; they correct it for a while, and then not for thirty days."""
        if not (verdict := self.edit_profile(member)):
            return verdict
        again_at = member.handle_changed_at and member.handle_changed_at + HANDLE_INTERVAL
        if again_at and is_future(again_at) and not member.corrects_handle:
            return verdicts.handle_changed_lately(again_at)
        return self.write()

    def see_earlier_handles(self, member: Person) -> Verdict:
        """Moderators see, for half a year after a change, which handles a member had before."""
        changed_at = member.handle_changed_at
        if changed_at is None or not is_future(changed_at + EARLIER_HANDLES_SHOWN):
            return Verdict(_("This member has not changed the handle recently."))
        return self.curate_all()

    def write_for_organisation(self) -> Verdict:
        """A member who belongs to an organisation may write for it, unless it has named others who do."""
        if not self.person.organisation_id:
            return Verdict(_("Your profile names no organisation to write for."))
        if not self.person.is_voice_now:
            return verdicts.OTHERS_WRITE_FOR_IT
        return self.write()

    def see_notices(self) -> Verdict:
        """Members have an inbox."""
        return self._signed_in()

    def see_own(self) -> Verdict:
        """Members see what is theirs alone: drafts, texts that wait, how far they have read, their invitations."""
        return self._signed_in()

    def watch_author(self, member_id: int) -> Verdict:
        """Members watch what another member, whose profile they find, opens and publishes."""
        is_own = self.person.is_member and self.person.id == member_id
        return verdicts.THIS_IS_YOU if is_own else self.watch()

    def watch(self) -> Verdict:
        """Members watch and mute what they can read."""
        return self._signed_in()

    def bookmark(self) -> Verdict:
        """Members keep for later what they can read."""
        return self._signed_in()

    def keep_search(self) -> Verdict:
        """Members keep searches, and are told what is new for them."""
        return self._signed_in()

    # Pictures and files

    def add_picture(self) -> Verdict:
        """Members who may write add pictures and files."""
        return self.write()

    def see_picture(self, picture: Picture) -> Verdict:
        """Its owner sees a picture or file, and so do moderators of a text's agenda; others see those in texts they can read."""
        return YES if self._is_own(picture.member_id) else self.moderate(picture.agenda_id)

    def show_picture(self, picture: Picture) -> Verdict:
        """Members show their own pictures and files in their texts, and moderators those of their agendas, too."""
        return YES if self.see_picture(picture) else verdicts.PICTURE_OF_OTHERS

    def delete_picture(self, picture: Picture) -> Verdict:
        """Members delete their own pictures and files."""
        return YES if self._is_own(picture.member_id) else NO

    # Letting others in

    def invite(self, entrance: Entrance) -> Verdict:
        """Moderators make invitations; every member does when the administrator has chosen so."""
        may = self.write()
        if not may or self.person.is_moderator or entrance.inviters == "members":
            return may
        return Verdict(_("In this forum only moderators make invitations."))

    def invite_for(self, organisation: Organisation) -> Verdict:
        """Moderators, and the member who represents an organisation, invite people to join it."""
        is_theirs = self.person.is_self(organisation.representative_id)
        if self.person.is_moderator or is_theirs:
            return self.write()
        return Verdict(_("Only its representative and the moderators invite for an organisation."))

    def let_in(self, entrance: Entrance, organisation: Organisation | None) -> Verdict:
        """The invitations that a person made are valid as long as that person may still invite.

        It does not matter whether they have agreed to new terms.
        """
        person = self.person
        if not person.is_member or person.is_silenced:
            return NO
        is_open = entrance.inviters == "members"
        if organisation is not None:
            is_open = person.is_self(organisation.representative_id)
        return YES if is_open or person.is_moderator else NO

    def see_seats(self, organisation: Organisation) -> Verdict:
        """The representative of an organisation, and moderators, see who holds its seats."""
        if self.person.is_moderator or self._is_own(organisation.representative_id):
            return YES
        return Verdict(_("This is for the representative of the organisation."))

    def choose_voices(self, organisation: Organisation) -> Verdict:
        """The representative of an organisation, and moderators, name the members who write for it."""
        return self.see_seats(organisation) and self.write()

    def see_mandates(self) -> Verdict:
        """Members see who has written for an organisation, since when and until when."""
        return self._signed_in()

    def admit(self) -> Verdict:
        """Moderators decide who may join, where joining is by approval."""
        return YES if self.person.is_moderator else self._deny(verdicts.FOR_MODERATORS)

    # Dialogue

    def open_topic(self, agenda: Agenda | AgendaRow | AgendaContext) -> Verdict:
        """A member opens topics on an agenda that is not archived."""
        if agenda.archived_at:
            return Verdict(_("This agenda is archived. Its dialogue can be read, not continued."))
        return self.write()

    def open_by_email(self, agenda: Agenda) -> Verdict:
        """A member opens topics by e-mail on an agenda that is neither archived nor in preparation."""
        if agenda.opened_at is None:
            return verdicts.NO_MAIL_IN_PREPARATION
        return self.open_topic(agenda)

    def renew_addresses(self) -> Verdict:
        """Members make new addresses for themselves, to which they send topics by e-mail."""
        return self._signed_in()

    def reply(self, topic: Topic | TopicRow | TopicContext) -> Verdict:
        """A member replies to a topic that is neither locked, hidden nor deleted, on an open agenda."""
        if topic.deleted_at or topic.hidden_at:
            return Verdict(_("This topic is hidden or removed, so it takes no more replies."))
        if topic.locked_at and not self.moderate(topic.agenda_id):
            return verdicts.locked_because(topic.locked_reason, topic.locked_until)
        return self.open_topic(topic.agenda)

    def reply_again(self, topic: Topic | TopicRow, latest_at: datetime | None) -> Verdict:
        """In a topic that is slow, each member replies once in so many minutes; those who moderate its agenda, at any time."""
        again_at = topic.again_at(latest_at)
        if again_at is None or self.moderate(topic.agenda_id):
            return YES
        return verdicts.slow_until(again_at)

    def edit(self, post: Post | PostRow) -> Verdict:
        """Authors edit their own post while it is visible and its topic takes replies."""
        if not self.person.is_member:
            return SIGN_IN
        if post.author_id != self.person.id:
            return verdicts.ONLY_AUTHOR_EDITS
        if post.deleted_at:
            return Verdict(_("You have deleted this text, so it cannot be edited."))
        if post.hidden_at:
            return verdicts.TEXT_HIDDEN
        return self.reply(post.topic)

    def change_kind(self, topic: Topic | TopicRow) -> Verdict:
        """Authors make an experience a question, or the reverse, until somebody replies; moderators of its agenda always."""
        if topic.home:
            return Verdict(_("A case or a practice is neither an experience nor a question."))
        if (verdict := self.moderate(topic.agenda_id)) or topic.author_id != self.person.id:
            return verdict
        if topic.replies_count:
            return Verdict(_("Somebody has replied already, so ask a moderator to change this."))
        return self.reply(topic)

    def delete(self, post: Post | PostRow) -> Verdict:
        """Authors delete their own post, even in a locked topic, unless it is deleted already."""
        if not self.person.is_member:
            return SIGN_IN
        if post.author_id != self.person.id:
            return verdicts.ONLY_AUTHOR_DELETES
        if post.deleted_at:
            return Verdict(_("You have deleted this text already."))
        return YES

    def compare(self, post: Post) -> Verdict:
        """Readers of a post may compare its earlier versions, unless it is hidden or deleted."""
        return NO if post.is_gone else YES

    def mark(self, post: Post | PostRow) -> Verdict:
        """Members who may write mark what others wrote; authors do not mark their own."""
        if not (verdict := self.write()):
            return verdict
        if post.is_gone or post.topic.hidden_at or post.topic.deleted_at:
            return Verdict(_("This text has been removed, so it cannot be marked."))
        if post.author_id == self.person.id:
            return Verdict(_("You wrote this, so the mark is for others to give."))
        return YES

    def intend(self, opening: Post | PostRow) -> Verdict:
        """Members who may mark a practice or a case may say that they want to try it."""
        if opening.number != 1 or opening.topic.kind not in ("practice", "case"):
            return NO
        return self.mark(opening)

    def change_note(self, mark: Mark) -> Verdict:
        """Members change the note of their own mark, unless moderators have hidden it."""
        if mark.member_id != self.person.id:
            return verdicts.ONLY_AUTHOR_EDITS
        if mark.hidden_at:
            return verdicts.NOTE_HIDDEN
        return self.write()

    def vote(self, post: Post | PostRow) -> Verdict:
        """Members who may write vote in polls, also their own, while topic and agenda go on."""
        topic = post.topic
        if post.is_gone or topic.hidden_at or topic.deleted_at:
            return Verdict(_("This text has been removed, so nobody votes here any more."))
        if topic.locked_at:
            return verdicts.locked_because(topic.locked_reason, topic.locked_until)
        return self.open_topic(topic.agenda)

    def close_poll(self, post: Post | PostRow) -> Verdict:
        """The author of a poll, or a moderator of its agenda, closes it."""
        return self.delete(post) or self.moderate(post.topic.agenda_id)

    def choose_answer(self, topic: Topic | TopicContext) -> Verdict:
        """The author of a question, or a moderator of its agenda, chooses its answer."""
        if topic.kind != "question":
            return verdicts.NOT_A_QUESTION
        return YES if self._is_own(topic.author_id) else self.moderate(topic.agenda_id)

    # Before publication

    def pass_screening(self, agenda_id: int | None) -> Verdict:
        """What moderators and hosts write on an agenda that they moderate is held back by no rule."""
        return self.moderate(agenda_id)

    def see_held(self, held: Held) -> Verdict:
        """The author of a text that waits or was refused, and moderators of its agenda, see it."""
        return YES if self._is_own(held.author_id) else self.moderate(held.agenda_id)

    def revise(self, held: Held) -> Verdict:
        """Authors who may write change their own text that waits or was refused, and send it again."""
        return self.write() if held.author_id == self.person.id else verdicts.ONLY_AUTHOR_EDITS

    def take_back(self, text: Held | Proposal) -> Verdict:
        """Authors take back their own text that waits or was refused, and what they propose for the glossary."""
        if text.author_id != self.person.id:
            return verdicts.ONLY_AUTHOR_DELETES
        return self._signed_in()

    # Advice

    def see_asked(self, topic: Topic) -> Verdict:
        """The author of a question, and moderators of its agenda, see who was asked for advice and what they replied."""
        if topic.kind != "question":
            return verdicts.ONLY_QUESTIONS_ASK
        return YES if self._is_own(topic.author_id) else self.moderate(topic.agenda_id)

    def ask(self, topic: Topic) -> Verdict:
        """The author of a question that takes replies, or a moderator of its agenda, asks members for advice.

        Nobody is asked about a question on an agenda in preparation, which they would not find.
        """
        if not (verdict := self.see_asked(topic)):
            return verdict
        if topic.agenda.opened_at is None:
            return Verdict(_("This agenda is in preparation. Ask members once it is open."))
        return self.reply(topic)

    def be_asked(self) -> Verdict:
        """Members choose whether and when they are asked for advice, and answer such requests."""
        return self._signed_in()

    def advise(self, topic: Topic) -> Verdict:
        """A member may be asked about somebody else's question to which they may reply."""
        if topic.kind != "question":
            return verdicts.ONLY_QUESTIONS_ASK
        if topic.author_id == self.person.id:
            return Verdict(_("This is the person who asks."))
        return self.reply(topic)

    def follow_up(self, topic: Topic) -> Verdict:
        """Authors of a question tell what happened next, once it has a reply and while its topic takes replies.

        While moderators hide the text, nothing else is told in its place.
        """
        if topic.kind != "question" or topic.author_id != self.person.id:
            return verdicts.ONLY_ASKER_TELLS
        if not topic.replies_count:
            return Verdict(_("Nobody has replied yet. Tell what happened next when somebody has."))
        if topic.follow_up_hidden_at:
            return verdicts.TEXT_HIDDEN
        return self.reply(topic)

    def withdraw_follow_up(self, topic: Topic) -> Verdict:
        """Authors of a question withdraw what they told of what happened next, even in a locked topic.

        While moderators hide it, it is out of sight anyway; withdrawn, it could come back by being told again.
        """
        if topic.follow_up_hidden_at:
            return verdicts.SEQUEL_HIDDEN
        if topic.author_id == self.person.id and self.person.is_member:
            return YES
        return verdicts.ONLY_ASKER_TELLS

    # Library

    def write_practice(self, agenda: Agenda) -> Verdict:
        """A member shares practices on an agenda that is not archived."""
        return self.open_topic(agenda)

    def edit_practice(self, practice: Practice) -> Verdict:
        """Authors who may write edit their own practice, and such moderators of its agenda any practice on it."""
        if practice.deleted_at:
            return Verdict(_("This practice has been deleted."))
        if practice.author_id == self.person.id:
            return self.write()
        return self.moderate(practice.agenda_id) and self.write()

    def submit_practice(self, practice: Practice) -> Verdict:
        """Authors submit their own practice to the moderators, unless it is hidden or its agenda is archived or deleted."""
        if practice.author_id != self.person.id or practice.deleted_at:
            return Verdict(_("Only the author may submit this."))
        if practice.hidden_at:
            return Verdict(_("A moderator has hidden this practice, so it cannot be submitted."))
        if practice.agenda.deleted_at:
            return verdicts.AGENDA_GONE
        return self.write_practice(practice.agenda)

    def confirm_practice(self, practice: Practice) -> Verdict:
        """Authors say of their own published practice that it is still true; nobody else can know."""
        if practice.author_id != self.person.id or practice.deleted_at:
            return Verdict(_("Only the author can say whether this is still true."))
        if not practice.published_at or practice.hidden_at:
            return verdicts.NOBODY_READS_IT
        return self.write()

    def delete_practice(self, practice: Practice) -> Verdict:
        """Authors delete their own practice."""
        if practice.author_id != self.person.id or practice.deleted_at:
            return verdicts.ONLY_AUTHOR_DELETES
        return self._signed_in()

    # Translations

    def add_translation(self, original: Practice | Case) -> Verdict:
        """Members who may write translate what is published, on an agenda that is not archived."""
        return self.open_topic(original.agenda) if original.is_told else verdicts.NOT_TOLD

    def correct_translation(self, translation: Translation) -> Verdict:
        """Members who may translate a text may also correct its translations and confirm them: they belong to everybody."""
        if translation.hidden_at:
            return verdicts.TRANSLATION_HIDDEN
        return self.add_translation(translation.original)

    def put_translation_back(self, translation: Translation) -> Verdict:
        """The member who began a translation, the author of the original and moderators of its agenda restore earlier versions."""
        return self.remove_translation(translation) and self.correct_translation(translation)

    def remove_translation(self, translation: Translation) -> Verdict:
        """The member who began a translation, the author of the original and moderators of its agenda remove it.

        Nobody should be made to speak words that they do not want.
        """
        original = translation.original
        if self._is_own(translation.translator_id) or self._is_own(original.written_by_id):
            return YES
        return self.moderate(original.agenda_id)

    # Declarations

    def draft_declaration(self, agenda: Agenda) -> Verdict:
        """Moderators of an agenda who may write draft its declarations, unless it is archived."""
        return verdicts.AGENDA_ARCHIVED if agenda.archived_at else self.curate(agenda)

    def curate_declaration(self, declaration: Declaration, deed: str) -> Verdict:
        """Moderators of its agenda who may write do each of `verdicts.DECLARATION_DEEDS` in its states.

        If the agenda is archived, they only end it; if it is in preparation, they only edit or withdraw it.
        """
        agenda, state = declaration.agenda, declaration.state
        if state not in verdicts.DECLARATION_DEEDS[deed]:
            return verdicts.DECLARATION_IS[state]
        if deed in verdicts.DECLARATION_TELLS and agenda.opened_at is None:
            return verdicts.AGENDA_IN_PREPARATION
        is_end = deed in verdicts.DECLARATION_ENDS
        return self.curate(agenda) if is_end else self.draft_declaration(agenda)

    def speak_for(self, organisation: Organisation) -> Verdict:
        """Its representative speaks for an organisation, and where it has named who writes for it, so do these."""
        person, is_named = self.person, organisation.names_voices and self.person.is_voice_now
        if not person.is_member:
            return SIGN_IN
        is_voice = is_named and person.organisation_id == organisation.id
        speaks = is_voice or organisation.representative_id == person.id
        return YES if speaks else verdicts.ONLY_VOICES_SIGN

    def sign(self, declaration: Declaration, organisation: Organisation) -> Verdict:
        """Members who speak for an organisation and may write sign for it until the last day, on an open agenda."""
        if declaration.state != "open":
            return verdicts.DECLARATION_IS[declaration.state]
        if declaration.sign_until is None or now().date() > declaration.sign_until:
            return verdicts.LAST_DAY_IS_OVER
        if declaration.agenda.archived_at:
            return verdicts.AGENDA_ARCHIVED
        if declaration.agenda.opened_at is None:
            return verdicts.AGENDA_IN_PREPARATION
        return self.speak_for(organisation) and self.write()

    def take_signature_back(self, signature: Signature) -> Verdict:
        """Members who speak for an organisation take its signature back until the declaration is adopted or withdrawn."""
        if (state := signature.declaration.state) != "open":
            return verdicts.DECLARATION_IS[state]
        return self.speak_for(signature.organisation)

    # Commitments

    def publish_commitment(self, agenda: Agenda, organisation: Organisation) -> Verdict:
        """Members who speak for an organisation and may write publish its commitments, on an open agenda."""
        if agenda.opened_at is None:
            return verdicts.AGENDA_IN_PREPARATION
        return verdicts.AGENDA_ARCHIVED if agenda.archived_at else self._commit(organisation)

    def edit_commitment(self, commitment: Commitment) -> Verdict:
        """Members who speak for its organisation and may write edit a commitment in progress, on an open agenda."""
        is_over = commitment.agenda.archived_at is not None
        return verdicts.AGENDA_ARCHIVED if is_over else self.tell_of_commitment(commitment)

    def tell_of_commitment(self, commitment: Commitment) -> Verdict:
        """Members who speak for its organisation and may write report on a commitment in progress, even on an archived agenda."""
        goes_on = verdicts.COMMITMENT_IS["hidden" if commitment.hidden_at else commitment.state]
        return goes_on and self._commit(commitment.organisation)

    def _commit(self, organisation: Organisation) -> Verdict:
        if self.person.is_member and not self.speak_for(organisation):
            return verdicts.ONLY_VOICES_COMMIT
        return self.write()

    def follow_commitment(self, commitment: Commitment) -> Verdict:
        """Members of other organisations follow a commitment, to compare notes, also when it is kept or given up."""
        if not self.person.is_member:
            return SIGN_IN
        is_other = self.person.organisation_id not in (None, commitment.organisation_id)
        is_own = self.speak_for(commitment.organisation)  # who represents it may belong to another
        return YES if is_other and not is_own else verdicts.ONLY_OTHERS_FOLLOW

    # Meetings

    def announce_meeting(self, agenda: Agenda) -> Verdict:
        """Moderators of an agenda who may write announce meetings on it, unless it is archived."""
        return verdicts.AGENDA_ARCHIVED if agenda.archived_at else self.curate(agenda)

    def change_meeting(self, meeting: Meeting) -> Verdict:
        """Moderators of its agenda who may write change and cancel a meeting until it is over or cancelled."""
        if meeting.cancelled_at:
            return verdicts.MEETING_CANCELLED
        return verdicts.MEETING_OVER if meeting.over_at else self.curate(meeting.agenda)

    def tell_outcome(self, meeting: Meeting) -> Verdict:
        """Moderators of its agenda who may write tell what came of a meeting, once it is over."""
        if meeting.cancelled_at:
            return verdicts.MEETING_CANCELLED
        if not meeting.over_at:
            return Verdict(_("This meeting is not over yet."))
        return self.curate(meeting.agenda)

    def come(self, meeting: Meeting) -> Verdict:
        """Members say until a meeting begins that they come, or no more, unless it is cancelled; also while they may not write."""
        if not self.person.is_member:
            return SIGN_IN
        if meeting.cancelled_at:
            return verdicts.MEETING_CANCELLED
        if meeting.over_at:
            return verdicts.MEETING_OVER
        return YES if is_future(meeting.starts_at) else Verdict(_("This meeting has begun."))

    def see_who_comes(self) -> Verdict:
        """Members see who comes to a meeting."""
        return self._signed_in()

    def join_meeting(self, meeting: Meeting, attendance: Attendance | None) -> Verdict:
        """Members who come to a meeting, and moderators of its agenda, see the link to join it."""
        is_mine = attendance is not None and attendance.member_id == self.person.id
        if is_mine and self.person.is_member and attendance and not attendance.waiting_at:
            return YES
        return self.moderate(meeting.agenda_id)

    # Moderating

    def report(self, author_id: int | None) -> Verdict:
        """Members report what others wrote."""
        if not self.person.is_member:
            return SIGN_IN
        if author_id == self.person.id:
            return Verdict(_("This is yours: you can edit or delete it yourself."))
        return YES

    def send_report(self) -> Verdict:
        """Members send reports, unless moderators take none from them for some time because too many were unfounded."""
        if not self.person.is_member:
            return SIGN_IN
        until = self.person.reports_suspended_until
        return verdicts.reports_suspended_until(until) if self.person.has_reports_suspended else YES

    def report_illegal(self) -> Verdict:
        """Everybody reports illegal content, also without an account, as the law requires."""
        return YES

    def moderate(self, agenda_id: int | None) -> Verdict:
        """Moderators moderate everything; a host, what belongs to the host's own agenda."""
        person = self.person
        if person.is_moderator or agenda_id in person.hosts:
            return YES
        return self._deny(verdicts.FOR_AGENDA_MODERATORS)

    def restore(self, post: Post | PostRow) -> Verdict:
        """Moderators of an agenda show a hidden post of another member again, right beside the post.

        Their own, if they hid it themselves, they restore in the queue.
        """
        if post.author_id == self.person.id:
            return verdicts.OWN_TEXT
        return self.moderate(post.topic.agenda_id)

    def see_queue(self) -> Verdict:
        """Moderators see the queue; hosts see the part of it that belongs to their agendas."""
        return YES if self.person.is_curator else self._deny(verdicts.FOR_MODERATORS)

    def judge(self, author_id: int | None) -> Verdict:
        """Those who see the queue judge what others wrote.

        They neither see nor decide reports of their own texts.
        """
        if self.person.is_self(author_id):
            return Verdict(_("It is your own, so other moderators look at it."))
        return self.see_queue()

    def publish(self, agenda_id: int, author_id: int | None, is_alone: bool) -> Verdict:
        """Moderators of an agenda publish what waits there; their own texts only if `is_alone`: nobody else could."""
        if self.person.is_self(author_id) and not is_alone:
            return Verdict(_("You wrote it yourself, so another moderator publishes it."))
        return self.moderate(agenda_id)

    def move_away(self, topic: Topic) -> Verdict:
        """Moderators of the topic's agenda and of at least one other move it away."""
        has_another = self.person.is_moderator or set(self.person.hosts) - {topic.agenda_id}
        if not has_another:
            return Verdict(_("You moderate no other agenda, so ask a moderator to move the topic."))
        return self.moderate(topic.agenda_id)

    def move(self, start_id: int, agenda: Agenda) -> Verdict:
        """Moderators of both the agenda of a topic (its id) and another, open one move it there."""
        if agenda.archived_at:
            return Verdict(_("That agenda is archived. Choose an open one."))
        if agenda.opened_at is None:
            return Verdict(_("That agenda is in preparation. Choose an open one."))
        return self.moderate(start_id) and self.moderate(agenda.id)

    def split(self, topic: Topic, agenda: Agenda) -> Verdict:
        """Moderators of an agenda split a topic there, or into another open agenda that they moderate as well."""
        if agenda.id == topic.agenda_id:
            return self.moderate(topic.agenda_id)
        if topic.agenda.opened_at is None:
            return Verdict(_("This agenda is in preparation. Split the topic on it."))
        return self.move(topic.agenda_id, agenda)

    def merge(self, topic: Topic, target: Topic) -> Verdict:
        """Moderators of the agendas of both topics merge one into the other."""
        return self.moderate(topic.agenda_id) and self.moderate(target.agenda_id)

    # Curating

    def curate(self, agenda: Agenda) -> Verdict:
        """Moderators of an agenda who may write edit its page, statements, cases and readings, open and archive it."""
        return self.moderate(agenda.id) and self.write()

    def take_name_away(self, statement: Statement) -> Verdict:
        """Members take their own name away from what is quoted of them, also while they may not write."""
        return YES if self._is_own(statement.member_id) else verdicts.NOT_QUOTED

    def curate_all(self) -> Verdict:
        """Moderators make and order agendas, and keep themes and organisations."""
        return YES if self.person.is_moderator else self._deny(verdicts.FOR_MODERATORS)

    def delete_agenda(self) -> Verdict:
        """Moderators, who make agendas, delete one that was made by mistake, if nothing stands on it."""
        return self.curate_all()

    def keep_glossary(self) -> Verdict:
        """Moderators who may write keep the entries of the glossary."""
        return self.curate_all() and self.write()

    def propose(self) -> Verdict:
        """Members who may write propose names and meanings for the glossary; who keeps it writes them."""
        if self.keep_glossary():
            return Verdict(_("You keep the glossary: write it into the entry."))
        return self.write()

    # Members

    def suspend(self, member: Member) -> Verdict:
        """Moderators suspend members; only an administrator suspends a moderator; nobody themselves."""
        if member.id == self.person.id:
            return Verdict(_("You cannot suspend yourself."))
        if member.role != MEMBER:
            return self.administer()
        return self.curate_all()

    def clear_spam(self, member: Member) -> Verdict:
        """Moderators who may suspend a member remove everything that a spammer wrote, up to `MAX_SPAMMER_POSTS` posts."""
        if member.posts_count > MAX_SPAMMER_POSTS:
            return verdicts.NO_SPAMMER
        return self.suspend(member)

    def write_staff_note(self, member: Member) -> Verdict:
        """Moderators write and read notes about members for each other, nobody about themselves."""
        if member.id == self.person.id:
            return verdicts.THIS_IS_YOU
        return self.curate_all()

    # Decisions and appeals

    def keep_orders(self) -> Verdict:
        """Moderators write down and read orders of authorities, which may name members; hosts do not."""
        return self.curate_all()

    def appeal(self, standing: Standing) -> Verdict:
        """The member whom a decision restricts appeals against it once, within six months and while it is in force.

        That includes members who are suspended or are leaving.
        """
        if self.person.role not in ROLES or self.person.left_at is not None:
            return SIGN_IN
        if not standing.is_concerned:
            return Verdict(_("Only the person that this decision restricts can appeal against it."))
        if standing.has_appealed:
            return Verdict(_("You have appealed against this decision already."))
        if not standing.is_in_effect:
            return Verdict(
                _("This decision no longer holds, so there is nothing to appeal against.")
            )
        if standing.is_over:
            return verdicts.TOO_LATE_TO_APPEAL
        return YES

    def decide_appeal(self, appeal: Appeal) -> Verdict:
        """A moderator who neither made the decision nor is a party to it answers an appeal."""
        decision = appeal.decision
        if not (verdict := self.moderate(decision.present_agenda_id)):
            return verdict
        if decision.moderator_id == self.person.id:
            return Verdict(_("You made this decision, so another moderator looks at it again."))
        if self.person.id in (decision.author_id, appeal.appellant_id):
            return Verdict(_("This is about yourself, so another moderator decides."))
        return verdicts.PARTIES.get(decision.part, YES)

    def give_back(self, decision: Decision) -> Verdict:
        """Moderators of an agenda change or reverse a decision, except one of another moderator to which they are a party."""
        if decision.moderator_id != self.person.id:
            if self.person.is_self(decision.author_id):
                return verdicts.DECIDED_ABOUT_ONESELF
            if decision.part:
                return verdicts.PARTIES[decision.part]
        return self.moderate(decision.present_agenda_id)

    def see_decision(self, decision: Decision) -> Verdict:
        """Moderators of the agenda where a decision was made, or where its subject is now, read all of it."""
        return self.moderate(decision.present_agenda_id) or self.moderate(decision.agenda_id)

    # Administering

    def administer(self) -> Verdict:
        """Administrators give roles and change the forum's name."""
        return YES if self.person.is_administrator else self._deny(verdicts.FOR_ADMINISTRATORS)

    def tell_all(self, topic: Topic | TopicRow) -> Verdict:
        """Administrators tell all members about a topic with a page of its own that every member can find."""
        if not (verdict := self.administer()):
            return verdict
        is_out_of_sight = topic.hidden_at or topic.deleted_at or topic.agenda.opened_at is None
        return verdicts.NOT_FOR_ALL if topic.home or is_out_of_sight else YES

    # Behind several rights

    def _signed_in(self) -> Verdict:
        return YES if self.person.is_member else SIGN_IN

    def _is_own(self, author_id: int | None) -> bool:
        return self.person.is_member and self.person.is_self(author_id)

    def _deny(self, no: Verdict) -> Verdict:
        """The verdict `no`, or for a person whose rights over others are on hold the verdict that says why."""
        if self.person.is_held:
            return verdicts.NEEDS_SECOND_FACTOR
        return self.write() if self.person.is_silenced and self.person.has_office else no


class SystemCan(Can):
    """The rights of the system, which may moderate and administer everything."""

    def join(self) -> Verdict:
        """The system makes accounts for others: commands and imports do."""
        return YES

    def moderate(self, agenda_id: int | None) -> Verdict:
        """The system moderates every agenda."""
        return YES

    def curate_all(self) -> Verdict:
        """The system curates every page."""
        return YES

    def keep_glossary(self) -> Verdict:
        """The system keeps the glossary: the demo writes entries."""
        return YES

    def administer(self) -> Verdict:
        """The system administers: the worker and the commands do."""
        return YES


def _accepts_letters(member: Member) -> bool:
    """Whether a member gets letters of others: the account is open and not hidden, and its owner accepts them."""
    is_active = member.is_member and member.hidden_at is None
    return is_active and member.takes_letters and member.mail_paused_at is None
