"""Who may do what: a table of role × right × situation, complete over every method of `Can`."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum import permissions, principals, reach, verdicts
from forum.clock import at
from forum.errors import Forbidden
from forum.members.models import Member
from forum.permissions import VISITOR, Can, Person, require
from forum.principals import office_of
from forum.verdicts import Verdict
from tests.situations import (
    ABOUT,
    AHEAD,
    HELD,
    HERE,
    PAST,
    PEOPLE,
    THERE,
    agenda_of,
    member_of,
    person,
    post_of,
)

# Columns: visitor member silenced suspended left | host, host elsewhere | moderator administrator system
TABLE = """
join                   | ever                 |  yes    .    .  yes  yes    .    .    .    .  yes
sign_in                | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
write                  | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
be_published           | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
contact                | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
contact                | own                  |    .    .    .    .    .    .    .    .    .  yes
contact                | unwilling            |    .    .    .    .    .    .    .    .    .   .
contact                | hidden               |    .    .    .    .    .    .    .    .    .   .
contact                | leaving              |    .    .    .    .    .    .    .    .    .   .
tell_hosts             | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
be_invited_to_contact  | somebody's           |  yes    .    .  yes  yes    .    .    .    .    .
be_invited_to_contact  | unwilling            |    .    .    .    .    .    .    .    .    .    .
be_invited_to_contact  | hidden               |    .    .    .    .    .    .    .    .    .    .
ignore                 | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
ignore                 | own                  |    .    .    .    .    .    .    .    .    .  yes
write_staff_note       | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
write_staff_note       | own                  |    .    .    .    .    .    .    .    .    .  yes
agree                  | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
take_data              | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
leave                  | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
leave                  | somebody's           |    .    .    .    .    .    .    .    .  yes  yes
stay                   | own, leaving         |    .    .    .    .    .    .    .    .  yes  yes
stay                   | somebody's, leaving  |    .    .    .    .    .    .    .    .  yes  yes
edit_profile           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
edit_profile           | somebody's           |    .    .    .    .    .    .    .    .    .   .
change_handle          | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | own, changed just now |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | own, changed lately  |    .    .    .    .    .    .    .    .    .   .
change_handle          | own, changed before  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | somebody's           |    .    .    .    .    .    .    .    .    .   .
see_earlier_handles    | somebody's           |    .    .    .    .    .    .    .    .    .   .
see_earlier_handles    | somebody's, changed before |  .  .    .    .    .    .    .  yes  yes  yes
see_earlier_handles    | somebody's, changed long ago | . .   .    .    .    .    .    .    .   .
write_for_organisation | with one             |    .  yes    .    .    .  yes  yes  yes  yes   .
write_for_organisation | with one that names others | .  .    .    .    .    .    .    .    .   .
write_for_organisation | with none            |    .    .    .    .    .    .    .    .    .   .
see_notices            | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_mandates           | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_own                | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch                  | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch_author           | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch_author           | own                  |    .    .    .    .    .    .    .    .    .  yes
bookmark               | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
keep_search            | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
invite                 | moderators invite    |    .    .    .    .    .    .    .  yes  yes  yes
invite                 | members invite       |    .  yes    .    .    .  yes  yes  yes  yes  yes
choose_voices          | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
choose_voices          | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
invite_for             | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
invite_for             | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
let_in                 | moderators invite    |    .    .    .    .    .    .    .  yes  yes  yes
let_in                 | members invite       |    .  yes    .    .    .  yes  yes  yes  yes  yes
let_in                 | members, organisation |   .    .    .    .    .    .    .  yes  yes  yes
let_in                 | moderators, own organisation | . yes .  .    .  yes  yes  yes  yes  yes
see_seats              | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
see_seats              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
admit                  | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
open_topic             | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
open_topic             | archived             |    .    .    .    .    .    .    .    .    .   .
open_by_email          | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
open_by_email          | archived             |    .    .    .    .    .    .    .    .    .   .
open_by_email          | prepared             |    .    .    .    .    .    .    .    .    .   .
renew_addresses        | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
reply                  | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
reply                  | own, locked          |    .    .    .    .    .  yes    .  yes  yes  yes
reply                  | locked               |    .    .    .    .    .  yes    .  yes  yes  yes
reply                  | hidden               |    .    .    .    .    .    .    .    .    .   .
reply                  | deleted              |    .    .    .    .    .    .    .    .    .   .
reply                  | archived             |    .    .    .    .    .    .    .    .    .   .
reply                  | archived, locked     |    .    .    .    .    .    .    .    .    .   .
reply_again            | as fast as any       |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow                 |    .    .    .    .    .  yes    .  yes  yes  yes
reply_again            | slow, never          |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow, long ago       |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow, over           |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
edit                   | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
edit                   | somebody's           |    .    .    .    .    .    .    .    .    .   .
edit                   | own, locked          |    .    .    .    .    .  yes    .  yes  yes   .
edit                   | own, hidden post     |    .    .    .    .    .    .    .    .    .   .
edit                   | own, deleted post    |    .    .    .    .    .    .    .    .    .   .
edit                   | own, hidden          |    .    .    .    .    .    .    .    .    .   .
edit                   | own, archived        |    .    .    .    .    .    .    .    .    .   .
delete                 | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
delete                 | own, locked          |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | own, hidden post     |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | own, deleted post    |    .    .    .    .    .    .    .    .    .   .
delete                 | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes   .
compare                | there                |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
compare                | hidden post          |    .    .    .    .    .    .    .    .    .   .
compare                | deleted post         |    .    .    .    .    .    .    .    .    .   .
mark                   | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
mark                   | own                  |    .    .    .    .    .    .    .    .    .  yes
mark                   | hidden post          |    .    .    .    .    .    .    .    .    .   .
mark                   | deleted post         |    .    .    .    .    .    .    .    .    .   .
mark                   | hidden               |    .    .    .    .    .    .    .    .    .   .
mark                   | deleted              |    .    .    .    .    .    .    .    .    .   .
mark                   | locked               |    .  yes    .    .    .  yes  yes  yes  yes  yes
mark                   | archived             |    .  yes    .    .    .  yes  yes  yes  yes  yes
intend                 | somebody's practice, opening | . yes . .   .  yes  yes  yes  yes  yes
intend                 | somebody's case, opening | . yes    .    .   .  yes  yes  yes  yes  yes
intend                 | own practice, opening |   .    .    .    .    .    .    .    .    .  yes
intend                 | hidden practice, opening | .  .    .    .    .    .    .    .    .   .
intend                 | somebody's practice  |    .    .    .    .    .    .    .    .    .   .
intend                 | somebody's, opening  |    .    .    .    .    .    .    .    .    .   .
change_note            | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_note            | own, hidden          |    .    .    .    .    .    .    .    .    .   .
change_note            | somebody's           |    .    .    .    .    .    .    .    .    .   .
vote                   | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
vote                   | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
vote                   | hidden post          |    .    .    .    .    .    .    .    .    .   .
vote                   | deleted post         |    .    .    .    .    .    .    .    .    .   .
vote                   | hidden               |    .    .    .    .    .    .    .    .    .   .
vote                   | deleted              |    .    .    .    .    .    .    .    .    .   .
vote                   | locked               |    .    .    .    .    .    .    .    .    .   .
vote                   | archived             |    .    .    .    .    .    .    .    .    .   .
close_poll             | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | own, locked          |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
choose_answer          | own question         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
choose_answer          | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
choose_answer          | own experience       |    .    .    .    .    .    .    .    .    .   .
choose_answer          | own question, locked |    .  yes  yes    .    .  yes  yes  yes  yes  yes
change_kind            | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
change_kind            | own, replied         |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, locked          |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, archived        |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, with a home     |    .    .    .    .    .    .    .    .    .   .
see_asked              | own question         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | own question, locked |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | own question, hidden |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
see_asked              | own experience       |    .    .    .    .    .    .    .    .    .   .
ask                    | own question         |    .  yes    .    .    .  yes  yes  yes  yes  yes
ask                    | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
ask                    | own question, locked |    .    .    .    .    .  yes    .  yes  yes  yes
ask                    | own question, hidden |    .    .    .    .    .    .    .    .    .   .
ask                    | own question, archived |    .    .    .    .    .    .    .    .    .   .
ask                    | own question, prepared |    .    .    .    .    .    .    .    .    .   .
ask                    | own experience       |    .    .    .    .    .    .    .    .    .   .
pass_screening         | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
pass_screening         | no agenda            |    .    .    .    .    .    .    .  yes  yes  yes
see_held               | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_held               | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
revise                 | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
revise                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
take_back              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_back              | somebody's           |    .    .    .    .    .    .    .    .    .   .
be_asked               | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
advise                 | somebody's question  |    .  yes    .    .    .  yes  yes  yes  yes  yes
advise                 | own question         |    .    .    .    .    .    .    .    .    .  yes
advise                 | experience           |    .    .    .    .    .    .    .    .    .   .
advise                 | question, locked     |    .    .    .    .    .  yes    .  yes  yes  yes
advise                 | question, hidden     |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied |    .  yes    .    .    .  yes  yes  yes  yes   .
follow_up              | own question         |    .    .    .    .    .    .    .    .    .   .
follow_up              | question, replied    |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied and locked |    .    .    .    .    .  yes    .  yes  yes   .
follow_up              | own question, replied and hidden |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied, its story withheld |    .    .    .    .    .    .    .    .    .   .
withdraw_follow_up     | own question, replied, its story withheld |    .    .    .    .    .    .    .    .    .   .
withdraw_follow_up     | own question, replied and locked |    .  yes  yes    .    .  yes  yes  yes  yes   .
withdraw_follow_up     | own question         |    .  yes  yes    .    .  yes  yes  yes  yes   .
withdraw_follow_up     | question, replied    |    .    .    .    .    .    .    .    .    .   .
follow_up              | own experience, replied |    .    .    .    .    .    .    .    .    .   .
announce_meeting       | open                 |    .    .    .    .    .  yes    .  yes  yes  yes
announce_meeting       | prepared             |    .    .    .    .    .  yes    .  yes  yes  yes
announce_meeting       | archived             |    .    .    .    .    .    .    .    .    .   .
change_meeting         | coming               |    .    .    .    .    .  yes    .  yes  yes  yes
change_meeting         | over                 |    .    .    .    .    .    .    .    .    .   .
change_meeting         | cancelled            |    .    .    .    .    .    .    .    .    .   .
tell_outcome           | over                 |    .    .    .    .    .  yes    .  yes  yes  yes
tell_outcome           | coming               |    .    .    .    .    .    .    .    .    .   .
tell_outcome           | cancelled, over      |    .    .    .    .    .    .    .    .    .   .
come                   | coming               |    .  yes  yes    .    .  yes  yes  yes  yes  yes
come                   | begun                |    .    .    .    .    .    .    .    .    .   .
come                   | over                 |    .    .    .    .    .    .    .    .    .   .
come                   | cancelled            |    .    .    .    .    .    .    .    .    .   .
see_who_comes          | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
join_meeting           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
join_meeting           | own, waiting         |    .    .    .    .    .  yes    .  yes  yes  yes
join_meeting           | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
join_meeting           | nobody's             |    .    .    .    .    .  yes    .  yes  yes  yes
write_practice         | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
write_practice         | archived             |    .    .    .    .    .    .    .    .    .   .
edit_practice          | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
edit_practice          | own, hidden          |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | own, deleted         |    .    .    .    .    .    .    .    .    .   .
edit_practice          | own, archived        |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | deleted              |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
submit_practice        | somebody's           |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, hidden          |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, deleted         |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, archived        |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, agenda gone     |    .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published       |    .  yes    .    .    .  yes  yes  yes  yes   .
confirm_practice       | somebody's, published |   .    .    .    .    .    .    .    .    .   .
confirm_practice       | own                  |    .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, hidden |  .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, deleted | .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, archived | . yes   .    .    .  yes  yes  yes  yes   .
add_picture            | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
see_picture            | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_picture            | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
see_picture            | somebody's, here     |    .    .    .    .    .  yes    .  yes  yes  yes
show_picture           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
show_picture           | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
show_picture           | somebody's, here     |    .    .    .    .    .  yes    .  yes  yes  yes
delete_picture         | own                  |    .  yes  yes    .    .  yes  yes  yes  yes    .
delete_picture         | somebody's           |    .    .    .    .    .    .    .    .    .    .
delete_practice        | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete_practice        | somebody's           |    .    .    .    .    .    .    .    .    .   .
delete_practice        | own, hidden          |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete_practice        | own, deleted         |    .    .    .    .    .    .    .    .    .   .
delete_practice        | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes   .
send_report            | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
report                 | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
report                 | own                  |    .    .    .    .    .    .    .    .    .  yes
report                 | nobody's             |    .  yes  yes    .    .  yes  yes  yes  yes   .
report_illegal         | ever                 |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
moderate               | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
moderate               | no agenda            |    .    .    .    .    .    .    .  yes  yes  yes
see_queue              | ever                 |    .    .    .    .    .  yes  yes  yes  yes  yes
publish                | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
publish                | own, others can      |    .    .    .    .    .    .    .    .    .  yes
publish                | own, alone           |    .    .    .    .    .  yes    .  yes  yes  yes
move_away              | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
judge                  | somebody's           |    .    .    .    .    .  yes  yes  yes  yes  yes
judge                  | own                  |    .    .    .    .    .    .    .    .    .  yes
judge                  | nobody's             |    .    .    .    .    .  yes  yes  yes  yes  yes
restore                | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
restore                | own                  |    .    .    .    .    .    .    .    .    .  yes
move                   | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
move                   | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
move                   | elsewhere, archived  |    .    .    .    .    .    .    .    .    .   .
move                   | elsewhere, prepared  |    .    .    .    .    .    .    .    .    .   .
split                  | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | here, archived       |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
split                  | elsewhere, archived  |    .    .    .    .    .    .    .    .    .   .
split                  | elsewhere, prepared  |    .    .    .    .    .    .    .    .    .   .
split                  | here, from prepared  |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | elsewhere, from prepared |  .   .    .    .    .    .    .    .    .   .
merge                  | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
merge                  | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
curate                 | open                 |    .    .    .    .    .  yes    .  yes  yes  yes
curate                 | archived             |    .    .    .    .    .  yes    .  yes  yes  yes
take_name_away         | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_name_away         | somebody's           |    .    .    .    .    .    .    .    .    .   .
take_name_away         | nobody's             |    .    .    .    .    .    .    .    .    .   .
curate_all             | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
delete_agenda          | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
keep_orders            | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
keep_glossary          | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
propose                | ever                 |   .  yes    .    .    .  yes  yes    .    .    .
suspend                | member               |    .    .    .    .    .    .    .  yes  yes  yes
suspend                | own                  |    .    .    .    .    .    .    .    .    .  yes
suspend                | moderator            |    .    .    .    .    .    .    .    .  yes  yes
suspend                | administrator        |    .    .    .    .    .    .    .    .  yes  yes
suspend                | own administrator    |    .    .    .    .    .    .    .    .    .  yes
clear_spam             | member               |    .    .    .    .    .    .    .  yes  yes  yes
clear_spam             | moderator            |    .    .    .    .    .    .    .    .  yes  yes
clear_spam             | member, much         |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs               |    .  yes  yes  yes    .  yes  yes  yes  yes  yes
draft_declaration      | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
draft_declaration      | archived             |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit draft           |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | edit consultation    |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | edit, open           |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, adopted        |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, withdrawn      |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, archived       |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | freeze draft         |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | freeze consultation  |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | invite, open         |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | invite, adopted      |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | adopt, open          |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | adopt, open, archived |   .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | freeze consultation, prepared | . . . .    .    .    .    .    .   .
curate_declaration     | invite, open, prepared |  .    .    .    .    .    .    .    .    .   .
curate_declaration     | adopt, open, prepared |   .    .    .    .    .    .    .    .    .   .
curate_declaration     | withdraw, open, prepared | .   .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | adopt consultation   |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | withdraw consultation |   .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | withdraw, open       |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | withdraw, adopted    |    .    .    .    .    .    .    .    .    .   .
speak_for              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
speak_for              | mine                 |    .    .    .    .    .    .    .    .    .   .
speak_for              | mine, named          |    .  yes  yes    .    .  yes  yes  yes  yes   .
speak_for              | mine, named others   |    .    .    .    .    .    .    .    .    .   .
speak_for              | another, named       |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open            |    .  yes    .    .    .  yes  yes  yes  yes   .
sign                   | mine, named, open    |    .  yes    .    .    .  yes  yes  yes  yes   .
sign                   | mine, open           |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, over      |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, archived  |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, prepared  |    .    .    .    .    .    .    .    .    .   .
sign                   | own, consultation    |    .    .    .    .    .    .    .    .    .   .
sign                   | own, adopted         |    .    .    .    .    .    .    .    .    .   .
sign                   | own, withdrawn       |    .    .    .    .    .    .    .    .    .   .
take_signature_back    | own, open            |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_signature_back    | own, open, archived  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_signature_back    | another, open        |    .    .    .    .    .    .    .    .    .   .
take_signature_back    | own, adopted         |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
publish_commitment     | mine                 |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | mine, named          |    .  yes    .    .    .  yes  yes  yes  yes   .
publish_commitment     | mine, named others   |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own, archived        |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own, prepared        |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
edit_commitment        | mine                 |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, archived        |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, kept            |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, ended           |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, hidden          |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | mine, named          |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | another, named       |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, archived        |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | own, kept            |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, ended           |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, hidden          |    .    .    .    .    .    .    .    .    .   .
follow_commitment      | another              |    .  yes  yes    .    .  yes  yes  yes  yes   .
follow_commitment      | another, kept        |    .  yes  yes    .    .  yes  yes  yes  yes   .
follow_commitment      | mine                 |    .    .    .    .    .    .    .    .    .   .
follow_commitment      | another, of none     |    .    .    .    .    .    .    .    .    .   .
add_translation        | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
add_translation        | somebody's, archived |    .    .    .    .    .    .    .    .    .   .
add_translation        | somebody's, draft    |    .    .    .    .    .    .    .    .    .   .
add_translation        | original hidden      |    .    .    .    .    .    .    .    .    .   .
correct_translation    | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
correct_translation    | own, translation hidden | .    .    .    .    .    .    .    .    .   .
correct_translation    | somebody's, archived |    .    .    .    .    .    .    .    .    .   .
put_translation_back   | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
put_translation_back   | own original         |    .  yes    .    .    .  yes  yes  yes  yes  yes
put_translation_back   | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
remove_translation     | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | own, translation hidden | .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | own original         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
appeal                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, again        |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, over         |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, late         |    .    .    .    .    .    .    .    .    .   .
decide_appeal          | ever                 |    .    .    .    .    .  yes    .  yes  yes  yes
decide_appeal          | own decision         |    .    .    .    .    .    .    .    .    .  yes
decide_appeal          | about oneself        |    .    .    .    .    .    .    .    .    .  yes
decide_appeal          | teller               |    .    .    .    .    .    .    .    .    .    .
decide_appeal          | reporter             |    .    .    .    .    .    .    .    .    .    .
give_back              | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
give_back              | about oneself        |    .    .    .    .    .    .    .    .    .  yes
give_back              | own, about oneself   |    .    .    .    .    .  yes    .  yes  yes  yes
give_back              | teller               |    .    .    .    .    .    .    .    .    .    .
give_back              | reporter             |    .    .    .    .    .    .    .    .    .    .
give_back              | own, reporter        |    .    .    .    .    .  yes    .  yes  yes    .
see_decision           | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
see_decision           | moved elsewhere      |    .    .    .    .    .  yes  yes  yes  yes  yes
see_decision           | decided elsewhere    |    .    .    .    .    .  yes  yes  yes  yes  yes
give_back              | moved elsewhere      |    .    .    .    .    .    .  yes  yes  yes  yes
decide_appeal          | own appeal           |    .    .    .    .    .    .    .    .    .  yes
administer             | ever                 |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | somebody's           |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | own, locked          |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | archived             |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | hidden               |    .    .    .    .    .    .    .    .    .   .
tell_all               | deleted              |    .    .    .    .    .    .    .    .    .   .
tell_all               | prepared             |    .    .    .    .    .    .    .    .    .   .
tell_all               | with a home          |    .    .    .    .    .    .    .    .    .   .
"""


def rows() -> list[tuple[str, str, dict[str, bool]]]:
    """Every row of the table: deed, situation, and the answer for each person."""
    found = []
    for line in TABLE.strip().splitlines():
        deed, said, answers = (part.strip() for part in line.split("|"))
        yes = [answer == "yes" for answer in answers.split()]
        found.append((deed, said, dict(zip(PEOPLE, yes, strict=True))))
    return found


def verdict(who: Person, deed: str, said: str) -> Verdict:
    """The verdict for a person about a right in a situation."""
    speaking = ("speak_for", "sign", "take_signature_back")
    if (deed in speaking or deed.endswith("_commitment")) and isinstance(who, Member):
        who.organisation_id = None if "of none" in said else 1
        who.is_voice = "others" not in said
    if deed == "write_for_organisation" and isinstance(who, Member):
        who.organisation_id = None if said == "with none" else 1
        who.is_voice = said != "with one that names others"
    return getattr(who.can, deed)(*ABOUT.get(deed, lambda _said: ())(said))


def test_the_table_is_complete() -> None:
    rights = {name for name, _ in inspect.getmembers(Can, inspect.isfunction) if name[0] != "_"}
    wrong = rights ^ {deed for deed, _, _ in rows()}
    assert not wrong, f"each right needs rows in the table, and no other: {sorted(wrong)}"
    assert {name for name in vars(permissions.SystemCan) if name[0] != "_"} <= rights


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_may_do_what(deed: str, said: str, expected: dict[str, bool]) -> None:
    assert {name: bool(verdict(who, deed, said)) for name, who in PEOPLE.items()} == expected


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(
    "said", ["", "own", "question", "own question", "deleted post", "archived"]
)
def test_all_rights_over_a_post_are_each_right(who: str, said: str) -> None:
    person, post = PEOPLE[who], post_of(f"post {said}")
    rights, can = person.rights(post)._asdict(), person.can
    assert rights.pop("take_part") == person.is_member
    asked = dict.fromkeys(("mark", "edit", "delete", "restore"), post)
    asked |= {"report": post.author_id}
    asked |= {"moderate": post.topic.agenda_id}
    assert rights == {
        name: bool(getattr(can, name)(asked.get(name, post.topic))) for name in rights
    }


@pytest.mark.parametrize("who", PEOPLE)
def test_rights_over_the_posts_of_a_topic_are_those_over_each(who: str) -> None:
    person, topic = PEOPLE[who], post_of("post").topic
    posts = [post_of(f"post {said}") for said in ("", "own", "deleted post", "hidden post")] * 2
    for post in posts:
        post.topic = topic
    rights = person.rights_in_topic()
    assert [rights(post) for post in posts] == [person.rights(post) for post in posts]


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_lacks_the_second_factor_has_the_rights_of_a_plain_member(
    deed: str, said: str, expected: dict[str, bool]
) -> None:
    for who in HELD:
        assert bool(verdict(who, deed, said)) == expected["member"], who.role


OFFICES = [
    (person(), "", ""),
    (person(hosted=[HERE]), "Host of this agenda", "Host of an agenda"),
    (person(hosted=[THERE]), "", "Host of an agenda"),
    (person(role="moderator", hosted=[HERE]), "Moderator", "Moderator"),
    (person(role="administrator"), "Administrator", "Administrator"),
    (person(role="moderator", held_at=PAST), "Moderator", "Moderator"),
    (person(role="moderator", hidden_at=PAST), "", ""),
    (person(role="moderator", leaving_at=PAST), "", ""),
    (person(hosted=[HERE], left_at=PAST), "", ""),
]


@pytest.mark.parametrize(("who", "here", "anywhere"), OFFICES)
def test_an_office_is_said_of_who_holds_it(
    app: Flask, who: Member, here: str, anywhere: str
) -> None:
    with app.test_request_context():
        assert (who.office_on(HERE), office_of(who)) == (here, anywhere)
        assert office_of(who, in_preparation=[HERE, THERE]) == (
            "" if who.role == "member" else anywhere
        )


def test_only_rights_over_others_wait_for_a_second_factor(app: Flask) -> None:
    plain = person(held_at=PAST)
    assert not plain.is_held and bool(plain.can.write())
    with app.test_request_context():
        for who in HELD:
            assert who.is_held and not (who.is_curator or who.is_moderator or who.is_administrator)
            assert "second factor" in str(who.can.see_queue().why_not)
            assert "second factor" in str(who.can.administer().why_not)


SILENCED = [
    person(role="moderator", silenced_until=AHEAD),
    person(role="administrator", hosted=[HERE], silenced_until=AHEAD),
    person(hosted=[HERE], silenced_until=AHEAD),
]


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_is_silenced_has_the_rights_of_a_silenced_member(
    deed: str, said: str, expected: dict[str, bool]
) -> None:
    for who in SILENCED:
        assert bool(verdict(who, deed, said)) == expected["silenced"], who.role


def test_who_is_silenced_reads_why_nothing_can_be_decided(app: Flask) -> None:
    with app.test_request_context():
        for who in SILENCED:
            for refused in (who.can.see_queue(), who.can.moderate(HERE), who.can.administer()):
                assert "paused your right to write" in str(refused.why_not)
            assert not reach.sees_hidden(who, HERE)
    over = person(hosted=[HERE], silenced_until=PAST)
    assert over.can.moderate(HERE) and over.is_curator


def test_every_no_says_why(app: Flask) -> None:
    with app.test_request_context():
        for deed, said, expected in rows():
            for name, who in PEOPLE.items():
                if not expected[name]:
                    with pytest.raises(Forbidden) as refusal:
                        require(verdict(who, deed, said))
                    assert refusal.value.message.endswith("."), (deed, said, name)


def test_a_pause_and_a_suspension_end_by_themselves() -> None:
    assert person(silenced_until=PAST).can.write() and person(suspended_until=PAST).can.write()
    with at(PAST - timedelta(days=1)):  # at that time both were in effect
        assert not person(silenced_until=PAST).can.write()
        assert not person(suspended_until=PAST).can.write()


@pytest.mark.parametrize("who", [{"hosted": [HERE]}, {"role": "moderator"}])
def test_who_moderates_and_may_not_write_does_not_curate(who: dict[str, Any]) -> None:
    agenda = agenda_of("open")
    assert person(**who, silenced_until=PAST).can.curate(agenda)
    assert not person(**who, silenced_until=AHEAD).can.curate(agenda)
    assert not person(left_at=PAST).is_member


def test_whoever_leaves_may_come_back_and_take_everything_and_nothing_else() -> None:
    leaving = person(leaving_at=AHEAD, role="moderator", hosted=[HERE])
    assert not leaving.is_member and leaving.is_leaving
    allowed = {
        deed
        for deed, said, _expected in rows()
        if verdict(leaving, deed, said) and not verdict(VISITOR, deed, said)
    }
    assert allowed == {"sign_in", "stay", "take_data", "appeal"}
    assert not leaving.can.stay(member_of("somebody's, leaving"))
    assert not person(leaving_at=PAST, left_at=PAST).is_leaving


def test_whoever_owes_consent_reads_and_does_not_write() -> None:
    for since, owes in ((PAST, True), (AHEAD, False), (None, False)):
        member = person(terms_due_at=since)
        assert member.owes_terms is owes and bool(member.can.write()) is not owes
        assert member.can.agree() and member.can.take_data() and member.can.leave(member)
    assert person(terms_due_at=PAST).can.write() is verdicts.NEW_TERMS
    moderator = person(role="moderator", terms_due_at=PAST)
    assert moderator.can.moderate(HERE)
    assert verdict(moderator, "edit_practice", "somebody's") is verdicts.NEW_TERMS


def test_the_first_thing_that_is_in_the_way_is_said() -> None:
    assert verdict(VISITOR, "publish_commitment", "open") is verdicts.SIGN_IN
    assert verdict(person(), "publish_commitment", "open") is verdicts.ONLY_VOICES_COMMIT
    assert verdict(person(), "come", "over") is verdicts.MEETING_OVER


def test_it_is_said_why_an_author_cannot_be_published(app: Flask) -> None:
    said = {
        "is suspended": {"suspended_until": AHEAD, "silenced_until": AHEAD},
        "closed the account": {"leaving_at": PAST},
        "may not write at the moment": {"silenced_until": AHEAD},
        "not agreed to the new terms": {"terms_due_at": PAST},
    }
    for words, state in said.items():
        assert words in str(person(**state).can.be_published().why_not)


def test_a_person_has_the_rights_of_the_role_and_no_more() -> None:
    assert not person(role="administrator", suspended_until=AHEAD).is_moderator
    assert not person(role="Administrator").is_member
    assert not person(role="").is_member
    assert person(hosted=[HERE]).is_curator and not person(hosted=[HERE], left_at=PAST).is_curator
    assert bool(principals.administers("administrator"))
    assert not principals.administers("moderator")
