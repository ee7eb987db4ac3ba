"""Who may open which route: a table of route × role, complete over every rule of the application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from forum.accounts.views.again import ENTRANCES
from forum.clock import now
from forum.db import db
from forum.members.queries import sessions_of
from forum.moderation.actions import Reasons, decide
from tests.conftest import undone
from tests.screens import faults_in

ROLES = ("visitor", "member", "author", "host", "moderator", "administrator")
# Ana is the author of everything that has one; Hana hosts the agenda `{agenda}`, but not `{other}`.
# GET: the status; `in`: redirected to sign in, `on`: redirected elsewhere. POST: `yes` if the person may do it,
# given a valid form (422 for an incomplete form and 409 for a state that does not fit count
# as yes); otherwise the status of the refusal.
TABLE = """
                                                      visitor member author host moderator administrator
GET  /                                                |  200  200  200  200  200  200
GET  /.well-known/change-password                     |   on   on   on   on   on   on
GET  /.well-known/security.txt                        |  200  200  200  200  200  200
GET  /accessibility                                   |  200  200  200  200  200  200
GET  /appeal/{decision}/{member}/noseal                |  404  404  404  404  404  404
POST /appeal/{decision}/{member}/noseal                |  404  404  404  404  404  404
GET  /administration                                  |   on   on   on   on   on   on
GET  /administration/factors                          |   in  403  403  403  403  200
POST /administration/factors                          |  403  403  403  403  403  yes
GET  /administration/figures                          |   in  403  403  403  403  200
POST /administration/first-steps/close                |  403  403  403  403  403  yes
POST /administration/first-steps/open                 |  403  403  403  403  403  yes
GET  /administration/flaggers                         |   in  403  403  403  403  200
POST /administration/flaggers                         |  403  403  403  403  403  yes
POST /administration/flaggers/{flagger}/end-trust     |  403  403  403  403  403  yes
GET  /administration/forum                            |   in  403  403  403  403  200
POST /administration/forum                            |  403  403  403  403  403  yes
GET  /administration/joining                          |   in  403  403  403  403  200
POST /administration/joining                          |  403  403  403  403  403  yes
GET  /administration/mail                             |   in  403  403  403  403  200
POST /administration/mail/again                       |  403  403  403  403  403  yes
POST /administration/mail/test                        |  403  403  403  403  403  yes
POST /administration/mail/{letter}/again              |  403  403  403  403  403  yes
GET  /administration/mark                             |   in  403  403  403  403  200
POST /administration/mark                             |  403  403  403  403  403  yes
POST /administration/mark/usual                       |  403  403  403  403  403  yes
GET  /administration/members                          |   in  403  403  403  403  200
GET  /administration/members/ben-okoth/leave          |   in  403  403  403  403  200
POST /administration/members/ben-okoth/leave          |  403  403  403  403  403  yes
GET  /administration/members/ben-okoth/role           |   in  403  403  403  403  200
POST /administration/members/ben-okoth/role           |  403  403  403  403  403  yes
POST /administration/members/ben-okoth/stay           |  403  403  403  403  403  yes
GET  /administration/recourse                         |   in  403  403  403  403  200
POST /administration/recourse                         |  403  403  403  403  403  yes
GET  /administration/rules                            |   in  403  403  403  403  200
POST /administration/rules                            |  403  403  403  403  403  yes
GET  /administration/screening                        |   in  403  403  403  403  200
POST /administration/screening                        |  403  403  403  403  403  yes
GET  /administration/screening/domains                |   in  403  403  403  403  200
POST /administration/screening/domains                |  403  403  403  403  403  yes
GET  /administration/screening/new                    |   in  403  403  403  403  200
POST /administration/screening/new                    |  403  403  403  403  403  yes
GET  /administration/screening/try                    |   in  403  403  403  403  200
POST /administration/screening/try                    |  403  403  403  403  403  yes
GET  /administration/screening/{rule}                 |   in  403  403  403  403  200
POST /administration/screening/{rule}                 |  403  403  403  403  403  yes
GET  /administration/screening/{rule}/delete          |   in  403  403  403  403  200
POST /administration/screening/{rule}/delete          |  403  403  403  403  403  yes
POST /administration/screening/{rule}/switch          |  403  403  403  403  403  yes
GET  /administration/terms                            |   in  403  403  403  403  200
POST /administration/terms                            |  403  403  403  403  403  yes
GET  /administration/webhooks                         |   in  403  403  403  403  200
GET  /administration/webhooks/new                     |   in  403  403  403  403  200
POST /administration/webhooks/new                     |  403  403  403  403  403  yes
GET  /administration/webhooks/{webhook}               |   in  403  403  403  403  200
GET  /administration/webhooks/{webhook}/delete        |   in  403  403  403  403  200
POST /administration/webhooks/{webhook}/delete        |  403  403  403  403  403  yes
GET  /administration/webhooks/{webhook}/edit          |   in  403  403  403  403  200
POST /administration/webhooks/{webhook}/edit          |  403  403  403  403  403  yes
POST /administration/webhooks/{webhook}/pause         |  403  403  403  403  403  yes
POST /administration/webhooks/{webhook}/resume        |  403  403  403  403  403  yes
GET  /administration/webhooks/{webhook}/secret        |   in  403  403  403  403  200
POST /administration/webhooks/{webhook}/secret        |  403  403  403  403  403  yes
POST /administration/webhooks/{webhook}/try           |  403  403  403  403  403  yes
GET  /address/nosecret                                |  410  410  410  410  410  410
POST /address/nosecret                                |  410  410  410  410  410  410
GET  /address/undo/nosecret                           |  410  410  410  410  410  410
POST /address/undo/nosecret                           |  410  410  410  410  410  410
GET  /agendas                                         |  200  200  200  200  200  200
GET  /agendas/hosts/tell                              |   in  403  403  403  200  200
POST /agendas/hosts/tell                              |  403  403  403  403  yes  yes
GET  /agendas/new                                     |   in  403  403  403  200  200
POST /agendas/new                                     |  403  403  403  403  yes  yes
GET  /agendas/order                                   |   in  403  403  403  200  200
POST /agendas/order                                   |  403  403  403  403  yes  yes
GET  /agendas/patterns.svg                            |  200  200  200  200  200  200
GET  /agendas/plans.svg                               |  200  200  200  200  200  200
GET  /agendas/{agenda}                                |  200  200  200  200  200  200
GET  /agendas/{agenda}/archive                        |   in  403  403  200  200  200
POST /agendas/{agenda}/archive                        |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/by-email                       |  404  404  404  404  404  404
GET  /agendas/{agenda}/cases/new                      |   in  403  403  200  200  200
POST /agendas/{agenda}/cases/new                      |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/cases/order                    |   in  403  403  200  200  200
POST /agendas/{agenda}/cases/order                    |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/declarations/new               |   in  403  403  200  200  200
POST /agendas/{agenda}/declarations/new               |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/delete                         |   in  403  403  403  200  200
POST /agendas/{agenda}/delete                         |  403  403  403  403  yes  yes
GET  /agendas/{agenda}/edit                           |   in  403  403  200  200  200
POST /agendas/{agenda}/edit                           |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/briefing                       |  200  200  200  200  200  200
GET  /agendas/{agenda}/briefing.html                  |  200  200  200  200  200  200
GET  /agendas/{agenda}/feed.atom                      |  200  200  200  200  200  200
GET  /agendas/{agenda}/history                        |   in  403  403  200  200  200
GET  /agendas/{agenda}/meetings.ics                   |  200  200  200  200  200  200
GET  /agendas/{agenda}/meetings/new                   |   in  403  403  200  200  200
POST /agendas/{agenda}/meetings/new                   |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/readings/new                   |   in  403  403  200  200  200
POST /agendas/{agenda}/readings/new                   |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/readings/order                 |   in  403  403  200  200  200
POST /agendas/{agenda}/readings/order                 |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/reopen                         |   in  403  403  200  200  200
POST /agendas/{agenda}/reopen                         |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/open                           |   in  403  403  200  200  200
POST /agendas/{agenda}/open                           |  403  403  403  yes  yes  yes
POST /agendas/{agenda}/renew-addresses                |  404  404  404  404  404  404
GET  /agendas/{agenda}/statements                     |   in  403  403  200  200  200
POST /agendas/{agenda}/statements                     |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/statements/new                 |   in  403  403  200  200  200
POST /agendas/{agenda}/statements/new                 |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/statements/{statement}/edit    |   in  403  403  200  200  200
POST /agendas/{agenda}/statements/{statement}/edit    |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/statements/{statement}/remove  |   in  403  403  200  200  200
POST /agendas/{agenda}/statements/{statement}/remove  |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/topics                         |  200  200  200  200  200  200
GET  /agendas/{agenda}/topics/decided/{decision}      |   in  403  403  404  404  404
GET  /agendas/{agenda}/topics/lock                    |   in  403  403  200  200  200
POST /agendas/{agenda}/topics/lock                    |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/topics/move                    |   in  403  403  200  200  200
POST /agendas/{agenda}/topics/move                    |  403  403  403  yes  yes  yes
GET  /agendas/{agenda}/topics/new                     |   in  200  200  200  200  200
POST /agendas/{agenda}/topics/new                     |  403  yes  yes  yes  yes  yes
POST /agendas/{agenda}/topics/read-all                |  403  yes  yes  yes  yes  yes
GET  /agendas/{agenda}/topics/select                  |   in  403  403  200  200  200
GET  /agendas/{agenda}/topics/theme                   |   in  403  403  200  200  200
POST /agendas/{agenda}/topics/theme                   |  403  403  403  yes  yes  yes
POST /agendas/{agenda}/topics/unread-all              |  403  yes  yes  yes  yes  yes
POST /agendas/{agenda}/watch                          |  403  yes  yes  yes  yes  yes
GET  /agendas/{other}/cases/new                       |   in  403  403  403  200  200
POST /agendas/{other}/cases/new                       |  403  403  403  403  yes  yes
GET  /agendas/{other}/edit                            |   in  403  403  403  200  200
POST /agendas/{other}/edit                            |  403  403  403  403  yes  yes
GET  /agendas/{other}/meetings/new                    |   in  403  403  403  200  200
POST /agendas/{other}/meetings/new                    |  403  403  403  403  yes  yes
GET  /agendas/{other}/readings/new                    |   in  403  403  403  200  200
POST /agendas/{other}/readings/new                    |  403  403  403  403  yes  yes
POST /agendas/{agenda}/statements/{statement}/take-name-away |  403  403  yes  403  403  403
GET  /agendas/{other}/statements/new                  |   in  403  403  403  200  200
POST /agendas/{other}/statements/new                  |  403  403  403  403  yes  yes
GET  /api                                             |  200  200  200  200  200  200
GET  /api/v1/                                         |  200  200  200  200  200  200
GET  /api/v1/agendas                                  |  200  200  200  200  200  200
GET  /api/v1/agendas/{agenda}                         |  200  200  200  200  200  200
GET  /api/v1/cases                                    |  200  200  200  200  200  200
GET  /api/v1/cases/{case}                             |  200  200  200  200  200  200
GET  /api/v1/cases/{case}/in/fr                       |  200  200  200  200  200  200
GET  /api/v1/practices/{practice}/in/fr               |  200  200  200  200  200  200
GET  /api/v1/cities                                   |  200  200  200  200  200  200
GET  /api/v1/commitments                              |  200  200  200  200  200  200
GET  /api/v1/commitments/{commitment}                 |  200  200  200  200  200  200
GET  /api/v1/declarations                             |  200  200  200  200  200  200
GET  /api/v1/declarations/{open_declaration}          |  200  200  200  200  200  200
GET  /api/v1/meetings                                 |  200  200  200  200  200  200
GET  /api/v1/openapi.json                             |  200  200  200  200  200  200
GET  /api/v1/glossary                                 |  200  200  200  200  200  200
GET  /api/v1/rules                                     |  200  200  200  200  200  200
GET  /api/v1/rules/0                                   |  200  200  200  200  200  200
GET  /api/v1/rules/versions                            |  200  200  200  200  200  200
GET  /api/v1/terms                                     |  200  200  200  200  200  200
GET  /api/v1/terms/{terms}                             |  200  200  200  200  200  200
GET  /api/v1/terms/versions                            |  200  200  200  200  200  200
GET  /api/v1/organisations                            |  200  200  200  200  200  200
GET  /api/v1/posts                                    |  200  200  200  200  200  200
GET  /api/v1/posts/{post}                             |  200  200  200  200  200  200
GET  /api/v1/practices                                |  200  200  200  200  200  200
GET  /api/v1/practices/{practice}                     |  200  200  200  200  200  200
GET  /api/v1/readings                                 |  200  200  200  200  200  200
GET  /api/v1/search                                   |  200  200  200  200  200  200
GET  /api/v1/themes                                   |  200  200  200  200  200  200
GET  /api/v1/topics                                   |  200  200  200  200  200  200
GET  /api/v1/topics/{topic}                           |  200  200  200  200  200  200
GET  /api/v1/topics/{topic}/posts                     |  200  200  200  200  200  200
GET  /appearance                                      |   on   on   on   on   on   on
POST /appearance                                      |  yes  yes  yes  yes  yes  yes
GET  /bookmarks                                       |   in  200  200  200  200  200
GET  /bookmarks/{bookmark}/note                       |   in  404  200  404  404  404
POST /bookmarks/{bookmark}/note                       |  403  404  yes  404  404  404
POST /bookmarks/{bookmark}/remind                     |  403  404  yes  404  404  404
POST /bookmarks/{bookmark}/unbookmark                 |  403  404  yes  404  404  404
GET  /cases                                           |  200  200  200  200  200  200
GET  /cases.csv                                        |  200  200  200  200  200  200
GET  /cases/{case}                                    |  200  200  200  200  200  200
GET  /cases/{case}.ris                                |  200  200  200  200  200  200
GET  /cases/{case}/edit                               |   in  403  403  200  200  200
POST /cases/{case}/edit                               |  403  403  403  yes  yes  yes
GET  /cases/{case}/hide                               |   in  403  403  200  200  200
POST /cases/{case}/hide                               |  403  403  403  yes  yes  yes
POST /cases/{case}/bookmark                           |  403  yes  yes  yes  yes  yes
GET  /cases/{case}/history                            |  200  200  200  200  200  200
GET  /cases/{case}/remove                             |   in  403  403  200  200  200
POST /cases/{case}/remove                             |  403  403  403  yes  yes  yes
GET  /cases/{case}/report                             |  200  200  200  403  200  200
POST /cases/{case}/report                             |  yes  yes  yes  403  yes  yes
POST /cases/{case}/restore                            |  403  403  403  yes  yes  yes
GET  /cases/{case}/tried                              |   in  200  200  403  200  200
GET  /cases/{case}/intention                          |   in  200  200  403  200  200
POST /cases/{case}/tried                              |  403  yes  yes  403  yes  yes
POST /cases/{case}/intention                          |  403  yes  yes  403  yes  yes
GET  /cities                                          |  200  200  200  200  200  200
GET  /cities/suggest                                  |  200  200  200  200  200  200
GET  /cities/tampere                                  |  200  200  200  200  200  200
GET  /cities/tampere/exchange                         |  200  200  200  200  200  200
POST /cities/tampere/watch                            |  403  yes  yes  yes  yes  yes
GET  /contact                                         |  200  200  200  200  200  200
GET  /commitments                                     |  200  200  200  200  200  200
GET  /commitments/new                                 |   in  403  403  403  403  200
POST /commitments/new                                 |  403  403  403  403  403  yes
GET  /commitments/{commitment}                        |   on   on   on   on   on   on
GET  /commitments/{commitment}-{commitment_slug}      |  200  200  200  200  200  200
GET  /commitments/{commitment}/edit                   |   in  403  403  403  403  200
POST /commitments/{commitment}/edit                   |  403  403  403  403  403  yes
GET  /commitments/{commitment}/end                    |   in  403  403  403  403  200
POST /commitments/{commitment}/end                    |  403  403  403  403  403  yes
POST /commitments/{commitment}/follow                 |  403  403  403  403  403  403
GET  /commitments/{commitment}/history                |  200  200  200  200  200  200
GET  /commitments/{commitment}/keep                   |   in  403  403  403  403  200
POST /commitments/{commitment}/keep                   |  403  403  403  403  403  yes
GET  /commitments/{commitment}/milestones/{milestone} |   in  403  403  403  403  200
POST /commitments/{commitment}/milestones/{milestone}/give-up|  403  403  403  403  403  yes
POST /commitments/{commitment}/milestones/{milestone}/move|  403  403  403  403  403  yes
POST /commitments/{commitment}/milestones/{milestone}/reopen|  403  403  403  403  403  yes
POST /commitments/{commitment}/milestones/{milestone}/reach|  403  403  403  403  403  yes
GET  /commitments/{commitment}/report                 |  200  200  200  200  200  403
POST /commitments/{commitment}/report                 |  yes  yes  yes  yes  yes  403
POST /commitments/{commitment}/unfollow               |  403  yes  yes  yes  yes  yes
GET  /commitments/{commitment}/why                    |   in  404  404  404  404  404
GET  /declarations                                    |  200  200  200  200  200  200
GET  /declarations/{open_declaration}                 |   on   on   on   on   on   on
GET  /declarations/{open_declaration}-{open_slug}     |  200  200  200  200  200  200
GET  /declarations/{draft_declaration}-{draft_slug}   |  404  404  404  200  200  200
GET  /declarations/{open_declaration}/text.md         |  200  200  200  200  200  200
GET  /declarations/{open_declaration}/signatures      |  200  200  200  200  200  200
GET  /declarations/{open_declaration}/history         |  200  200  200  200  200  200
GET  /declarations/{consultation_declaration}/edit    |   in  403  403  200  200  200
POST /declarations/{consultation_declaration}/edit    |  403  403  403  yes  yes  yes
GET  /declarations/{consultation_declaration}/freeze  |   in  403  403  200  200  200
POST /declarations/{consultation_declaration}/freeze  |  403  403  403  yes  yes  yes
GET  /declarations/{open_declaration}/invite          |   in  403  403  200  200  200
POST /declarations/{open_declaration}/invite          |  403  403  403  yes  yes  yes
POST /declarations/{open_declaration}/take-invitations-back |  403  403  403  yes  yes  yes
GET  /declarations/{open_declaration}/adopt           |   in  403  403  200  200  200
POST /declarations/{open_declaration}/adopt           |  403  403  403  yes  yes  yes
GET  /declarations/{open_declaration}/withdraw        |   in  403  403  200  200  200
POST /declarations/{open_declaration}/withdraw        |  403  403  403  yes  yes  yes
GET  /declarations/{draft_declaration}/open           |  404  404  404  200  200  200
POST /declarations/{draft_declaration}/open           |  404  404  404  yes  yes  yes
GET  /declarations/{frozen_declaration}/sign          |   in  403  403  403  403  200
POST /declarations/{frozen_declaration}/sign          |  403  403  403  403  403  yes
GET  /declarations/{open_declaration}/signatures/{signature}/take-back|   in  403  403  403  403  200
POST /declarations/{open_declaration}/signatures/{signature}/take-back|  403  403  403  403  403  yes
GET  /drafts                                          |   in  200  200  200  200  200
GET  /drafts/agenda/{agenda_id}                       |   in  200  200  200  200  200
GET  /drafts/discard                                  |   on   on   on   on   on   on
POST /drafts/discard                                  |  403  yes  yes  yes  yes  yes
GET  /drafts/practices                                |   in  200  200  200  200  200
GET  /drafts/practices/{practice}                     |   in  200  200  200  200  200
POST /drafts/restore                                  |  403  yes  yes  yes  yes  yes
GET  /drafts/topic/{topic}                            |   in  200  200  200  200  200
GET  /feeds/all.atom                                  |  200  200  200  200  200  200
GET  /healthz                                         |  200  200  200  200  200  200
GET  /glossary                                        |  200  200  200  200  200  200
GET  /glossary.csv                                    |  200  200  200  200  200  200
GET  /glossary/new                                    |   in  403  403  403  200  200
POST /glossary/new                                    |  403  403  403  403  yes  yes
POST /glossary/proposals/{proposal}/take-back         |  403  404  yes  404  404  404
GET  /glossary/propose                                |   in  200  200  200  403  403
POST /glossary/propose                                |  403  yes  yes  yes  403  403
GET  /glossary/{entry}                                |  200  200  200  200  200  200
GET  /glossary/{entry}/edit                           |   in  403  403  403  200  200
POST /glossary/{entry}/edit                           |  403  403  403  403  yes  yes
GET  /glossary/{entry}/history                        |  200  200  200  200  200  200
GET  /glossary/{entry}/propose                        |   in  200  200  200  403  403
POST /glossary/{entry}/propose                        |  403  yes  yes  yes  403  403
GET  /glossary/{entry}/remove                         |   in  403  403  403  200  200
POST /glossary/{entry}/remove                         |  403  403  403  403  yes  yes
GET  /help                                            |  200  200  200  200  200  200
GET  /invitations                                     |   in  200  200  200  200  200
GET  /invitations/new                                 |   in  403  403  403  200  200
POST /invitations/new                                 |  403  403  403  403  yes  yes
POST /invitations/{invitation}/end                    |  403  404  404  404  yes  yes
GET  /join                                            |  200   on   on   on   on   on
POST /join                                            |  yes  yes  yes  yes  yes  yes
GET  /join/confirm/nosecret                           |  410  410  410  410  410  410
POST /join/confirm/nosecret                           |  410  410  410  410  410  410
GET  /join/invited/nocode                             |  410   on   on   on   on   on
POST /join/invited/nocode                             |  410  yes  yes  yes  yes  yes
GET  /join/sent                                       |   on   on   on   on   on   on
GET  /left                                            |  200  200  200  200  200  200
GET  /letters/{contact_letter}/report                 |   in  404  200  404  404  404
POST /letters/{contact_letter}/report                 |  403  404  yes  404  404  404
GET  /mark/none.webp                                  |  404  404  404  404  404  404
GET  /mark/none.png                                   |  404  404  404  404  404  404
GET  /marks/{mark}/report                             |  200  200  200  200  200  200
POST /marks/{mark}/report                             |  yes  yes  yes  yes  yes  yes
GET  /marks/{mark}/why                                |   in  404  404  404  404  404
GET  /follow-ups/{told}/report                        |  200  200  403  200  200  200
POST /follow-ups/{told}/report                        |  yes  yes  403  yes  yes  yes
GET  /follow-ups/{told}/why                           |   in  404  404  404  404  404
GET  /mail/stop/{member}/reply/noseal                 |  404  404  404  404  404  404
POST /mail/stop/{member}/reply/noseal                 |  404  404  404  404  404  404
GET  /join/waiting                                    |   on   on   on   on   on   on
GET  /meetings.ics                                    |  200  200  200  200  200  200
GET  /meetings/{meeting}.ics                          |  200  200  200  200  200  200
GET  /meetings                                        |  200  200  200  200  200  200
GET  /meetings/{meeting}                              |   on   on   on   on   on   on
GET  /meetings/{meeting}-{meeting_slug}               |  200  200  200  200  200  200
GET  /meetings/{meeting}/cancel                       |   in  403  403  200  200  200
POST /meetings/{meeting}/cancel                       |  403  403  403  yes  yes  yes
POST /meetings/{meeting}/come                         |  403  yes  yes  yes  yes  yes
GET  /meetings/{meeting}/edit                         |   in  403  403  200  200  200
POST /meetings/{meeting}/edit                         |  403  403  403  yes  yes  yes
GET  /meetings/{meeting}/history                      |   in  403  403  200  200  200
GET  /meetings/{meeting}/people.csv                   |   in  403  403  200  200  200
POST /meetings/{meeting}/stay-away                    |  403  yes  yes  yes  yes  yes
GET  /meetings/{over}/outcome                         |   in  403  403  200  200  200
POST /meetings/{over}/outcome                         |  403  403  403  yes  yes  yes
GET  /members                                         |  200  200  200  200  200  200
GET  /members/ben-okoth                               |  200  200  200  200  200  200
GET  /members/ben-okoth/contact                       |   in  200  200  200  200  200
POST /members/ben-okoth/contact                       |  403  yes  yes  yes  yes  yes
GET  /members/ana-prado/exchange                      |   in  404  200  404  404  404
GET  /members/ben-okoth/hide                          |   in  403  403  403  200  200
POST /members/ben-okoth/hide                          |  403  403  403  403  yes  yes
POST /members/ben-okoth/end-ignoring                  |  403  yes  yes  yes  yes  yes
POST /members/ben-okoth/ignore                        |  403  yes  yes  yes  yes  yes
POST /members/ben-okoth/watch                         |  403  yes  yes  yes  yes  yes
GET  /members/ben-okoth/notes                         |   in  403  403  403  200  200
POST /members/ben-okoth/notes                         |  403  403  403  403  yes  yes
POST /members/ben-okoth/notes/{staff_note}/remove     |  403  403  403  403  yes  yes
GET  /members/ben-okoth/report                        |  200  200  200  200  200  200
POST /members/ben-okoth/report                        |  yes  yes  yes  yes  yes  yes
GET  /members/ben-okoth/restore                       |   in  403  403  403  200  200
POST /members/ben-okoth/restore                       |  403  403  403  403  yes  yes
GET  /members/ben-okoth/silence                       |   in  403  403  403  200  200
POST /members/ben-okoth/silence                       |  403  403  403  403  yes  yes
GET  /members/ben-okoth/warn-reporter                 |   in  403  403  403  200  200
POST /members/ben-okoth/warn-reporter                 |  403  403  403  403  yes  yes
GET  /members/ben-okoth/suspend-reports               |   in  403  403  403  200  200
POST /members/ben-okoth/suspend-reports               |  403  403  403  403  yes  yes
POST /members/ben-okoth/resume-reports                |  403  403  403  403  yes  yes
POST /members/ben-okoth/unsilence                     |  403  403  403  403  yes  yes
GET  /members/ben-okoth/warn                          |   in  403  403  403  200  200
POST /members/ben-okoth/warn                          |  403  403  403  403  yes  yes
POST /members/ben-okoth/clear-spam                    |  403  403  403  403  yes  yes
GET  /members/ben-okoth/suspend                       |   in  403  403  403  200  200
POST /members/ben-okoth/suspend                       |  403  403  403  403  yes  yes
GET  /members/ben-okoth/unsuspend                     |   in  403  403  403  200  200
POST /members/ben-okoth/unsuspend                     |  403  403  403  403  yes  yes
GET  /members/mona-berg/suspend                       |   in  403  403  403  403  200
POST /members/mona-berg/suspend                       |  403  403  403  403  403  yes
GET  /members/suggest                                 |   in  200  200  200  200  200
GET  /moderation                                      |   in  403  403  200  200  200
GET  /moderation/appeals                              |   in  403  403  200  200  200
GET  /moderation/appeals/{appeal}                     |   in  403  403  200  200  200
POST /moderation/appeals/{appeal}                     |  403  403  403  yes  403  yes
GET  /moderation/decisions/{decision}                 |   in  404  404  200  200  200
GET  /moderation/decisions/{warning}/appeal           |   in  404  200  404  404  404
POST /moderation/decisions/{warning}/appeal           |  403  404  yes  404  404  404
POST /moderation/decisions/{decision}/undo            |  403  403  403  yes  yes  yes
GET  /moderation/invitations                          |   in  403  403  403  200  200
GET  /moderation/joining                              |   in  403  403  403  200  200
GET  /moderation/joining/{candidate}/approve          |   in  403  403  403  200  200
POST /moderation/joining/{candidate}/approve          |  403  403  403  403  yes  yes
GET  /moderation/joining/{candidate}/refuse           |   in  403  403  403  200  200
POST /moderation/joining/{candidate}/refuse           |  403  403  403  403  yes  yes
GET  /moderation/log                                  |   in  403  403  200  200  200
GET  /moderation/held/{waiting}                       |   in  403  403  200  200  200
POST /moderation/held/{waiting}/decide                |  403  403  403  yes  yes  yes
GET  /moderation/post/{reply}                         |   in  403  403  200  200  200
POST /moderation/post/{reply}/decide                  |  403  403  403  yes  yes  yes
GET  /moderation/orders                               |   in  403  403  403  200  200
GET  /moderation/orders/new                           |   in  403  403  403  200  200
POST /moderation/orders/new                           |  403  403  403  403  yes  yes
GET  /moderation/orders/{order}                       |   in  403  403  403  200  200
POST /moderation/orders/{order}                       |  403  403  403  403  yes  yes
GET  /moderation/orders/{order}/delete                |   in  403  403  403  200  200
POST /moderation/orders/{order}/delete                |  403  403  403  403  yes  yes
GET  /moderation/texts                                |   in  403  403  200  200  200
GET  /moderation/texts/1                              |   in  403  403  403  200  200
POST /moderation/texts/1                              |  403  403  403  403  yes  yes
GET  /moderation/texts/1/delete                       |   in  403  403  403  200  200
POST /moderation/texts/1/delete                       |  403  403  403  403  yes  yes
GET  /moderation/texts/new                            |   in  403  403  403  200  200
POST /moderation/texts/new                            |  403  403  403  403  yes  yes
POST /moderation/post/{reply}/claim                   |  403  403  403  yes  yes  yes
POST /moderation/post/{reply}/release                 |  403  403  403  yes  yes  yes
POST /moderation/post/{reply}/note                    |  403  403  403  yes  yes  yes
GET  /moderation/candidate/{candidate}                |   in  403  403  403  200  200
POST /moderation/candidate/{candidate}/decide         |  403  403  403  403  yes  yes
POST /moderation/candidate/{candidate}/claim          |  403  403  403  403  yes  yes
POST /moderation/candidate/{candidate}/release        |  403  403  403  403  yes  yes
POST /moderation/candidate/{candidate}/note           |  403  403  403  403  yes  yes
GET  /notices                                         |   in  200  200  200  200  200
POST /notices/read-all                                |  403  yes  yes  yes  yes  yes
POST /notices/unread-all                              |  403  yes  yes  yes  yes  yes
POST /notices/{notice}/read                           |  403  404  yes  404  404  404
GET  /organisations                                   |  200  200  200  200  200  200
GET  /organisations/new                               |   in  403  403  403  200  200
POST /organisations/new                               |  403  403  403  403  yes  yes
GET  /organisations/{organisation}                    |  200  200  200  200  200  200
GET  /organisations/{organisation}/edit               |   in  403  403  403  200  200
POST /organisations/{organisation}/edit               |  403  403  403  403  yes  yes
GET  /organisations/{organisation}/exchange           |  200  200  200  200  200  200
GET  /organisations/{organisation}/history            |   in  403  403  403  200  200
GET  /organisations/{organisation}/voices             |   in  403  403  403  200  200
POST /organisations/{organisation}/voices             |  403  403  403  403  yes  yes
GET  /organisations/{organisation}/seats              |   in  403  403  403  200  200
GET  /pictures                                        |   in  200  200  200  200  200
POST /pictures                                        |  403  yes  yes  yes  yes  yes
GET  /pictures/{picture_name}.webp                    |  404  404  200  404  200  200
GET  /files/{file_name}                               |  404  404  200  404  200  200
GET  /pictures/{picture}/delete                       |   in  404  200  404  404  404
POST /pictures/{picture}/delete                       |  403  404  yes  404  404  404
GET  /posts/{hidden_post}                             |   on   on   on   on   on   on
GET  /posts/{hidden_post}/delete                      |   in  403  403  403  403  403
POST /posts/{hidden_post}/delete                      |  403  403  403  403  403  403
GET  /posts/{hidden_post}/edit                        |   in  403  403  403  403  403
POST /posts/{hidden_post}/edit                        |  403  403  403  403  403  403
GET  /posts/{hidden_post}/history                     |   in  403  403  403  403  403
POST /posts/{hidden_post}/mark                        |  403  403  403  403  403  403
POST /posts/{hidden_post}/restore                     |  403  403  403  yes  yes  yes
GET  /posts/{hidden_post}/why                         |   in  404  404   on   on   on
GET  /posts/{polled}/poll                             |   in  403  200  403  403  403
POST /posts/{polled}/poll                             |  403  403  yes  403  403  403
POST /posts/{polled}/vote                             |  403  yes  yes  yes  yes  yes
POST /posts/{polled}/close-poll                       |  403  403  yes  yes  yes  yes
GET  /posts/{polled}/remove-poll                      |   in  403  200  403  403  403
POST /posts/{polled}/remove-poll                      |  403  403  yes  403  403  403
POST /posts/{hidden_post}/vote                        |  403  403  403  403  403  403
GET  /posts/{post}                                    |   on   on   on   on   on   on
GET  /posts/{post}/delete                             |   in  403  200  403  403  403
POST /posts/{post}/delete                             |  403  403  yes  403  403  403
GET  /posts/{post}/edit                               |   in  403  200  403  403  403
POST /posts/{post}/edit                               |  403  403  yes  403  403  403
GET  /posts/{post}/history                            |  200  200  200  200  200  200
POST /posts/{post}/mark                               |  403  yes  403  yes  yes  yes
POST /posts/{post}/bookmark                           |  403  yes  yes  yes  yes  yes
GET  /posts/{post}/marks                              |  200  200  200  200  200  200
GET  /posts/{reply}/edit                              |   in  403  403  403  403  403
POST /posts/{reply}/edit                              |  403  403  403  403  403  403
GET  /posts/{reply}/ask-to-edit                       |   in  403  403  200  200  200
POST /posts/{reply}/ask-to-edit                       |  403  403  403  yes  yes  yes
GET  /posts/{reply}/note                              |   in  403  403  200  200  200
POST /posts/{reply}/note                              |  403  403  403  yes  yes  yes
GET  /posts/{reply}/remove                            |   in  403  403  200  200  200
POST /posts/{reply}/remove                            |  403  403  403  yes  yes  yes
POST /posts/{reply}/unnote                            |  403  403  403  yes  yes  yes
GET  /posts/{reply}/hide                              |   in  403  403  200  200  200
POST /posts/{reply}/hide                              |  403  403  403  yes  yes  yes
GET  /posts/{reply}/report                            |  200  200  200  200  200  200
POST /posts/{reply}/report                            |  yes  yes  yes  yes  yes  yes
GET  /password                                        |  200  200  200  200  200  200
POST /password                                        |  yes  yes  yes  yes  yes  yes
GET  /password/nosecret                               |  410  410  410  410  410  410
POST /password/nosecret                               |  410  410  410  410  410  410
POST /passkeys/options/new                            |  403  yes  yes  yes  yes  yes
POST /passkeys/options/nothing                        |  404  404  404  404  404  404
POST /passkeys/options/prove                          |  403  yes  yes  yes  yes  yes
POST /passkeys/options/second                         |  yes  yes  yes  yes  yes  yes
POST /passkeys/options/sign-in                        |  yes  yes  yes  yes  yes  yes
GET  /portraits/none.webp                             |  404  404  404  404  404  404
GET  /practices                                       |  200  200  200  200  200  200
GET  /practices.csv                                    |  200  200  200  200  200  200
GET  /practices/mine                                  |   in  200  200  200  200  200
GET  /practices/new                                   |   in  200  200  200  200  200
POST /practices/new                                   |  403  yes  yes  yes  yes  yes
GET  /practices/{draft}                               |  404  404  200  200  200  200
GET  /practices/{draft}/edit                          |  404  404  200  200  200  200
GET  /practices/{draft}/why                           |  404  404  404  404  404  404
POST /practices/{draft}/edit                          |  404  404  yes  yes  yes  yes
POST /practices/{draft}/bookmark                      |  403  404  yes  yes  yes  yes
POST /practices/{draft}/submit                        |  404  404  yes  403  403  403
POST /practices/{practice}/bookmark                   |  403  yes  yes  yes  yes  yes
POST /practices/{practice}/confirm                    |  403  403  yes  403  403  403
GET  /practices/{practice}                            |  200  200  200  200  200  200
GET  /practices/{practice}.ris                        |  200  200  200  200  200  200
GET  /practices/{practice}/compare                    |  200  200  200  200  200  200
GET  /practices/{practice}/delete                     |   in  403  200  403  403  403
POST /practices/{practice}/delete                     |  403  403  yes  403  403  403
GET  /practices/{practice}/edit                       |   in  403  200  200  200  200
POST /practices/{practice}/edit                       |  403  403  yes  yes  yes  yes
POST /practices/{practice}/feature                    |  403  403  403  yes  yes  yes
GET  /practices/{practice}/hide                       |   in  403  403  200  200  200
POST /practices/{practice}/hide                       |  403  403  403  yes  yes  yes
GET  /practices/{practice}/history                    |  200  200  200  200  200  200
GET  /practices/{practice}/remove                     |   in  403  403  200  200  200
POST /practices/{practice}/remove                     |  403  403  403  yes  yes  yes
GET  /practices/{practice}/report                     |  200  200  403  200  200  200
POST /practices/{practice}/report                     |  yes  yes  403  yes  yes  yes
POST /practices/{practice}/restore                    |  403  403  403  yes  yes  yes
GET  /practices/{practice}/tried                      |   in  200  403  200  200  200
GET  /practices/{practice}/intention                  |   in  200  403  200  200  200
POST /practices/{practice}/tried                      |  403  yes  403  yes  yes  yes
POST /practices/{practice}/intention                  |  403  yes  403  yes  yes  yes
POST /practices/{practice}/unfeature                  |  403  403  403  yes  yes  yes
GET  /practices/{submitted}                           |  404  404  200  200  200  200
GET  /practices/{submitted}/edit                      |  404  404  200  200  200  200
POST /practices/{submitted}/edit                      |  404  404  yes  yes  yes  yes
POST /practices/{submitted}/publish                   |  403  403  403  yes  yes  yes
GET  /practices/{submitted}/send-back                 |   in  403  403  200  200  200
POST /practices/{submitted}/send-back                 |  403  403  403  yes  yes  yes
POST /preview                                         |  403  yes  yes  yes  yes  yes
GET  /privacy                                         |  200  200  200  200  200  200
GET  /readings                                        |  200  200  200  200  200  200
GET  /readings.csv                                     |  200  200  200  200  200  200
GET  /readings.ris                                    |  200  200  200  200  200  200
POST /readings/{reading}/bookmark                     |  403  yes  yes  yes  yes  yes
GET  /readings/{reading}/edit                         |   in  403  403  200  200  200
POST /readings/{reading}/edit                         |  403  403  403  yes  yes  yes
GET  /readings/{reading}/history                      |   in  403  403  200  200  200
GET  /readings/{reading}/remove                       |   in  403  403  200  200  200
POST /readings/{reading}/remove                       |  403  403  403  yes  yes  yes
GET  /readyz                                          |  200  200  200  200  200  200
GET  /reports                                         |  200  200  200  200  200  200
GET  /reports/nosecret                                |  404  404  404  404  404  404
GET  /revisions/{revision}/withdraw                   |   in  403  200  403  403  403
POST /revisions/{revision}/withdraw                   |  403  403  yes  403  403  403
GET  /favicon.ico                                     |   on   on   on   on   on   on
GET  /manifest.webmanifest                            |  200  200  200  200  200  200
GET  /opensearch.xml                                  |  200  200  200  200  200  200
GET  /robots.txt                                      |  200  200  200  200  200  200
GET  /reservations/{signature}/report                 |  200  200  200  200  200  403
POST /reservations/{signature}/report                 |  yes  yes  yes  yes  yes  403
GET  /reservations/{signature}/why                    |   in  404  404  404  404  404
GET  /rules                                           |  200  200  200  200  200  200
GET  /rules.md                                        |  200  200  200  200  200  200
GET  /rules/0                                         |  200  200  200  200  200  200
GET  /rules/0.md                                      |  200  200  200  200  200  200
GET  /search                                          |  200  200  200  200  200  200
GET  /searches                                        |   in  200  200  200  200  200
POST /searches/keep                                   |  403  yes  yes  yes  yes  yes
GET  /searches/{search}                               |   in  404   on  404  404  404
GET  /searches/{search}/change                        |   in  404  200  404  404  404
POST /searches/{search}/change                        |  403  404  yes  404  404  404
GET  /searches/{search}/remove                        |   in  404  200  404  404  404
POST /searches/{search}/remove                        |  403  404  yes  404  404  404
GET  /settings                                        |   in  200  200  200  200  200
POST /settings                                        |  403  yes  yes  yes  yes  yes
GET  /settings/address                                |   in  200  200  200  200  200
POST /settings/address                                |  403  yes  yes  yes  yes  yes
POST /settings/address/resume                         |  403  yes  yes  yes  yes  yes
GET  /settings/handle                                 |   in  200  200  200  200  200
POST /settings/handle                                 |  403  yes  yes  yes  yes  yes
GET  /settings/notices                                |   in  200  200  200  200  200
POST /settings/notices                                |  403  yes  yes  yes  yes  yes
POST /settings/notices/clear                          |  403  yes  yes  yes  yes  yes
POST /settings/notices/end                            |  403  yes  yes  yes  yes  yes
POST /settings/notices/watch-replies                  |  403  yes  yes  yes  yes  yes
GET  /settings/advice                                 |   in  200  200  200  200  200
POST /settings/advice                                 |  403  yes  yes  yes  yes  yes
GET  /settings/codes                                  |   in   on  200   on   on   on
POST /settings/codes                                  |  403  yes  yes  yes  yes  yes
POST /settings/codes/begin                            |  403  yes  yes  yes  yes  yes
GET  /settings/codes/remove                           |   in  404  404  404  404  404
POST /settings/codes/remove                           |  403  404  404  404  404  404
GET  /settings/factors                                |   in  200  200  200  200  200
GET  /settings/passkeys/new                           |   in  200  200  200  200  200
POST /settings/passkeys/new                           |  403  yes  yes  yes  yes  yes
GET  /settings/passkeys/{passkey}/remove              |   in  404  404  200  404  404
POST /settings/passkeys/{passkey}/remove              |  403  404  404  yes  404  404
GET  /settings/passkeys/{passkey}/rename              |   in  404  404  200  404  404
POST /settings/passkeys/{passkey}/rename              |  403  404  404  yes  404  404
GET  /settings/elsewhere                              |   in  200  200  200  200  200
POST /settings/elsewhere/link                         |  403  yes  yes  yes  yes  yes
POST /settings/elsewhere/{identity}/unlink            |  403  404  yes  404  404  404
GET  /settings/contact                                |   in  200  200  200  200  200
POST /settings/contact                                |  403  yes  yes  yes  yes  yes
GET  /settings/data                                   |   in  200  200  200  200  200
POST /settings/data                                   |  403  yes  yes  yes  yes  yes
GET  /settings/ignored                                |   in  200  200  200  200  200
GET  /settings/leave                                  |   in  200  200  200  200  200
POST /settings/leave                                  |  403  yes  yes  yes  yes  yes
POST /settings/leave/stay                             |  403  403  403  403  403  yes
GET  /settings/password                               |   in  200  200  200  200  200
POST /settings/password                               |  403  yes  yes  yes  yes  yes
GET  /settings/prove                                  |   in  200  200  200  200  200
POST /settings/prove                                  |  403  yes  yes  yes  yes  yes
POST /settings/recovery-codes                         |  403  yes  yes  yes  yes  yes
GET  /settings/sessions                               |   in  200  200  200  200  200
POST /settings/sessions/end                           |  403  yes  yes  yes  yes  yes
POST /settings/sessions/{session}/end                 |  403  yes  yes  yes  yes  yes
GET  /settings/themes                                 |   in  200  200  200  200  200
POST /settings/themes                                 |  403  yes  yes  yes  yes  yes
GET  /sign-in                                         |  200   on   on   on   on   on
POST /sign-in                                         |  yes  yes  yes  yes  yes  yes
GET  /sign-in/elsewhere                               |  404  404  404  404  404  404
GET  /sign-in/elsewhere/back                          |  404  404  404  404  404  404
POST /sign-in/elsewhere/forget                        |  yes  yes  yes  yes  yes  yes
GET  /sign-in/letter                                  |  200  200  200  200  200  200
POST /sign-in/letter                                  |  yes  yes  yes  yes  yes  yes
GET  /sign-in/letter/nosecret                         |  410  410  410  410  410  410
POST /sign-in/letter/nosecret                         |  410  410  410  410  410  410
POST /sign-in/passkey                                 |  yes  yes  yes  yes  yes  yes
GET  /sign-in/second                                  |   on   on   on   on   on   on
POST /sign-in/second                                  |  yes  yes  yes  yes  yes  yes
GET  /sign-out                                        |  200  200  200  200  200  200
POST /sign-out                                        |  yes  yes  yes  yes  yes  yes
GET  /sitemap-1.xml                                   |  200  200  200  200  200  200
GET  /sitemap.xml                                     |  200  200  200  200  200  200
GET  /static/style.css                                |  200  200  200  200  200  200
GET  /terms                                           |  200  200  200  200  200  200
GET  /terms.md                                        |  200  200  200  200  200  200
GET  /terms/agree                                     |   in   on   on   on   on   on
POST /terms/agree                                     |  403  yes  yes  yes  yes  yes
GET  /terms/{terms}                                   |  200  200  200  200  200  200
GET  /terms/{terms}.md                                |  200  200  200  200  200  200
GET  /themes                                          |  200  200  200  200  200  200
GET  /themes/new                                      |   in  403  403  403  200  200
POST /themes/new                                      |  403  403  403  403  yes  yes
GET  /themes/{theme}/edit                             |   in  403  403  403  200  200
POST /themes/{theme}/edit                             |  403  403  403  403  yes  yes
GET  /themes/{theme}/remove                           |   in  403  403  403  200  200
POST /themes/{theme}/remove                           |  403  403  403  403  yes  yes
POST /themes/{theme}/watch                            |  403  yes  yes  yes  yes  yes
GET  /topics                                          |  200  200  200  200  200  200
POST /topics/read-all                                 |  403  yes  yes  yes  yes  yes
POST /topics/unread-all                               |  403  yes  yes  yes  yes  yes
GET  /topics/{topic}                                  |   on   on   on   on   on   on
GET  /topics/{topic}-                                 |   on   on   on   on   on   on
GET  /topics/{topic}-{topic_slug}                     |  200  200  200  200  200  200
POST /topics/{topic}/answer                           |  403  403  yes  yes  yes  yes
GET  /topics/{topic}/ask                              |   in  403  200  200  200  200
POST /topics/{topic}/ask                              |  403  403  yes  yes  yes  yes
GET  /topics/{topic}/change-kind                      |   in  403  403  200  200  200
POST /topics/{topic}/change-kind                      |  403  403  403  yes  yes  yes
POST /topics/{topic}/decline                          |  403  yes  404  404  404  404
GET  /topics/{topic}/feed.atom                        |  200  200  200  200  200  200
GET  /topics/{topic}/follow-up                        |   in  403  200  403  403  403
POST /topics/{topic}/follow-up                        |  403  403  yes  403  403  403
GET  /topics/{topic}/hide                             |   in  403  403  200  200  200
POST /topics/{topic}/hide                             |  403  403  403  yes  yes  yes
GET  /topics/{topic}/lock                             |   in  403  403  200  200  200
POST /topics/{topic}/lock                             |  403  403  403  yes  yes  yes
GET  /topics/{topic}/merge                            |   in  403  403  200  200  200
POST /topics/{topic}/merge                            |  403  403  403  yes  yes  yes
GET  /topics/{topic}/retitle                          |   in  403  403  200  200  200
POST /topics/{topic}/retitle                          |  403  403  403  yes  yes  yes
GET  /topics/{topic}/move                             |   in  403  403  200  200  200
POST /topics/{topic}/move                             |  403  403  403  yes  yes  yes
GET  /topics/{topic}/news                             |  200  200  200  200  200  200
GET  /topics/{topic}/useful                           |  200  200  200  200  200  200
GET  /topics/{topic}/whole                            |  200  200  200  200  200  200
GET  /topics/{topic}/pass-on                          |   in  200  404  404  404  404
POST /topics/{topic}/pass-on                          |  403  yes  404  404  404  404
GET  /topics/{topic}/posts/hide                       |   in  403  403  200  200  200
POST /topics/{topic}/posts/hide                       |  403  403  403  yes  yes  yes
GET  /topics/{topic}/posts/remove                     |   in  403  403  200  200  200
POST /topics/{topic}/posts/remove                     |  403  403  403  yes  yes  yes
GET  /topics/{topic}/posts/restore                    |   in  403  403  200  200  200
POST /topics/{topic}/posts/restore                    |  403  403  403  yes  yes  yes
GET  /topics/{topic}/posts/split                      |   in  403  403  200  200  200
POST /topics/{topic}/posts/split                      |  403  403  403  yes  yes  yes
GET  /topics/{topic}/posts/select                     |   in  403  403  200  200  200
POST /topics/{topic}/pin                              |  403  403  403  yes  yes  yes
GET  /topics/{topic}/postpone                         |   in  200  404  404  404  404
POST /topics/{topic}/postpone                         |  403  yes  404  404  404  404
GET  /topics/{topic}/reply                            |   in  200  200  200  200  200
POST /topics/{topic}/reply                            |  403  yes  yes  yes  yes  yes
GET  /topics/{topic}/report                           |  200  200  403  200  200  200
POST /topics/{topic}/report                           |  yes  yes  403  yes  yes  yes
GET  /topics/{topic}/remove                           |   in  403  403  200  200  200
POST /topics/{topic}/remove                           |  403  403  403  yes  yes  yes
POST /topics/{topic}/restore                          |  403  403  403  yes  yes  yes
GET  /topics/{topic}/set-lock-end                     |   in  403  403  200  200  200
POST /topics/{topic}/set-lock-end                     |  403  403  403  yes  yes  yes
GET  /topics/{topic}/slow                             |   in  403  403  200  200  200
POST /topics/{topic}/slow                             |  403  403  403  yes  yes  yes
GET  /topics/{topic}/tell-all                         |   in  403  403  403  403  200
POST /topics/{topic}/tell-all                         |  403  403  403  403  403  yes
POST /topics/{topic}/unlock                           |  403  403  403  yes  yes  yes
POST /topics/{topic}/unslow                           |  403  403  403  yes  yes  yes
POST /topics/{topic}/unpin                            |  403  403  403  yes  yes  yes
POST /topics/{topic}/watch                            |  403  yes  yes  yes  yes  yes
GET  /cases/{case}/in/fr                              |  200  200  200  200  200  200
POST /cases/{case}/in/fr/confirm                      |  403  yes  yes  yes  yes  yes
GET  /cases/{case}/in/fr/delete                       |   in  403  403  200  200  200
POST /cases/{case}/in/fr/delete                       |  403  403  403  yes  yes  yes
GET  /cases/{case}/in/fr/edit                         |   in  200  200  200  200  200
POST /cases/{case}/in/fr/edit                         |  403  yes  yes  yes  yes  yes
GET  /cases/{case}/in/fr/history                      |  200  200  200  200  200  200
GET  /cases/{case}/translate                          |   in  200  200  200  200  200
POST /cases/{case}/translate                          |  403  yes  yes  yes  yes  yes
GET  /practices/{practice}/in/fr                      |  200  200  200  200  200  200
POST /practices/{practice}/in/fr/confirm              |  403  yes  yes  yes  yes  yes
GET  /practices/{practice}/in/fr/delete               |   in  403  200  200  200  200
POST /practices/{practice}/in/fr/delete               |  403  403  yes  yes  yes  yes
GET  /practices/{practice}/in/fr/edit                 |   in  200  200  200  200  200
POST /practices/{practice}/in/fr/edit                 |  403  yes  yes  yes  yes  yes
GET  /practices/{practice}/in/fr/history              |  200  200  200  200  200  200
GET  /practices/{practice}/translate                  |   in  200  200  200  200  200
POST /practices/{practice}/translate                  |  403  yes  yes  yes  yes  yes
GET  /translations/{translation}/report               |  200  200  200  200  200  200
POST /translations/{translation}/report               |  yes  yes  yes  yes  yes  yes
GET  /translations/{translation}/why                  |   in  404  404  404  404  404
GET  /transparency                                    |  200  200  200  200  200  200
GET  /transparency.csv                                |  200  200  200  200  200  200
GET  /transparency/decisions                          |  200  200  200  200  200  200
GET  /transparency/decisions.csv                      |  200  200  200  200  200  200
GET  /waiting                                         |   in  200  200  200  200  200
GET  /waiting/{waiting}                               |   in  404  200  404  404  404
GET  /waiting/{waiting}/revise                        |   in  404  200  403  403  403
POST /waiting/{waiting}/revise                        |  403  404  yes  403  403  403
POST /waiting/{waiting}/take-back                     |  403  404  yes  403  403  403
"""
# Routes for a member who was asked for advice
OWN_OF_MEMBER = tuple(f"/topics/{{topic}}/{deed}" for deed in ("decline", "pass-on", "postpone"))
OWN_OF_REPRESENTATIVE = (
    "/invitations/new",
    "/reservations/{signature}/report",
    "/declarations/{frozen_declaration}/sign",
    "/declarations/{open_declaration}/signatures/{signature}/take-back",
    *("/commitments/new", "/commitments/{commitment}/report"),
    *(f"/commitments/{{commitment}}/{deed}" for deed in ("edit", "keep", "end")),
    "/commitments/{commitment}/milestones/{milestone}",
    *(
        f"/commitments/{{commitment}}/milestones/{{milestone}}/{deed}"
        for deed in ("reach", "move", "give-up", "reopen")
    ),
)
OWN_OF_HOST = {
    "/cases/{case}/report",
    "/cases/{case}/intention",
    "/cases/{case}/tried",
    "/cases/{case}/in/fr/delete",
    "/settings/passkeys/{passkey}/remove",
    "/settings/passkeys/{passkey}/rename",
}
GOES_ON = {301, 302, 303, 308}
PARTS = {"/preview"}  # which answer with a part of a page
ALLOWED = {200, 303, 409, 422}
# One is harmless, and on pages of visitors, which hold no token; the other one is sent by mail programs, with a sealed address
WITHOUT_TOKEN = {"members.appearance", "mail.stop"}
READ = (
    "UPDATE session SET seen_at",
    "UPDATE notice SET read_at",
    "INSERT INTO place ",
    # A probe whether the database can be written
    "UPDATE alembic_version SET version_num = version_num WHERE 0",
)
PROBES = {"/healthz", "/readyz"}  # never cached
FORMS_FOR_VISITORS = {"/join", "/password", "/sign-in", "/sign-in/letter"}
FORMS_FOR_VISITORS |= set(re.findall(r"GET +(/\S+/report) ", TABLE))


def rows(method: str) -> list[tuple[str, dict[str, str]]]:
    """The rows of the table for an HTTP method: an address, and the expectation by role."""
    found = []
    for line in TABLE.strip().splitlines()[1:]:
        door, answers = line.split("|")
        name, address = door.split()
        if name == method:
            found.append((address, dict(zip(ROLES, answers.split(), strict=True))))
    return found


def test_every_door_has_a_row(app: Flask, world: dict[str, Any]) -> None:
    adapter = app.url_map.bind("localhost")
    for method in ("GET", "POST"):
        named = {
            adapter.match(address.format(**world), method=method, return_rule=True)[0].rule
            for address, _expected in rows(method)
            if "-{topic_slug}" not in address
        } | {"/topics/<int:topic_id>-<slug>"}
        doors = {rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())}
        if method == "POST":
            named.discard("/topics/<int:topic_id>-<slug>")
        assert doors == named, (
            f"give a row in TABLE to, or take away: {method} {sorted(doors ^ named)}"
        )


def test_doors_take_no_other_methods(app: Flask, client: FlaskClient, world: Any) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}, rule
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND"):
        answer = client.open("/topics", method=method)
        assert answer.status_code == 405 and "GET" in answer.headers["Allow"], method
    assert client.get("/preview").status_code == 405


def what(status: int, location: str | None) -> str:
    if status in GOES_ON:
        return "in" if (location or "").startswith("/sign-in?next") else "on"
    return str(status)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_the_pages_that_the_table_says(
    app: Flask,
    world: Any,
    browsers: dict[str, FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
) -> None:
    """And GET changes nothing except how far a member has read and when the member was active."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    browser, written = browsers[role], []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE")):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    for address, expected in rows("GET"):
        written.clear()
        answer = browser.get(address.format(**world))
        assert what(answer.status_code, answer.location) == expected[role], (address, answer.status)
        assert not [words for words in written if not words.startswith(READ)], (address, written)
        if role == "visitor":
            _is_for_everybody(address, answer)
        if answer.mimetype == "text/html" and answer.status_code not in GOES_ON:
            assert faults_in(answer.text) == [], address
    event.remove(db.engine, "before_cursor_execute", note)


def _is_for_everybody(address: str, answer: Any) -> None:
    """Check that a page for visitors has no token and sets no cookie, so that it can be cached."""
    if answer.status_code == 200 and address not in FORMS_FOR_VISITORS:
        assert "Set-Cookie" not in answer.headers, address
        assert "csrf_token" not in answer.get_data(as_text=True), address
        cache = answer.headers["Cache-Control"]
        assert "no-cache" in cache or "public" in cache or address in PROBES, address
    else:
        assert "no-store" in answer.headers["Cache-Control"] or answer.status_code in (301, 302)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_the_table_says(
    world: Any, browsers: dict[str, FlaskClient], role: str
) -> None:
    browser = browsers[role]
    for address, expected in rows("POST"):
        with undone(browser):
            answer = browser.post(address.format(**world))
            done = "yes" if answer.status_code in ALLOWED else str(answer.status_code)
            assert done == expected[role], (address, answer.status)
            if answer.mimetype == "text/html" and address not in PARTS:
                assert answer.status_code in GOES_ON or faults_in(answer.text) == [], address


@pytest.mark.parametrize("role", ["host", "moderator", "administrator"])
def test_who_lacks_the_second_factor_finds_the_doors_of_a_plain_member(
    world: Any, people: Any, browsers: dict[str, FlaskClient], role: str
) -> None:
    """Without the factor, moderators and administrators may do only what members may."""

    held = db.session.get_one(type(people.host), getattr(people, role).id)
    held.held_at = now()
    db.session.commit()
    browser = browsers[role]
    own = (*OWN_OF_MEMBER, *(OWN_OF_HOST if role == "host" else ()))
    if role == "moderator":
        own += ("/invitations/{invitation}/end",)  # the moderator has made this invitation
    if role == "administrator":
        own += OWN_OF_REPRESENTATIVE  # the administrator represents the city that signs; that needs no role
    for address, expected in rows("GET"):
        if expected[role] == expected["member"]:
            continue  # allowed or refused for both
        answer = browser.get(address.format(**world))
        due = expected[role if address in own else "member"]
        assert what(answer.status_code, answer.location) == due, address
    for address, expected in rows("POST"):
        if expected[role] == expected["member"]:
            continue
        with undone(browser):
            answer = browser.post(address.format(**world))
            done = "yes" if answer.status_code in ALLOWED else str(answer.status_code)
            assert done == expected[role if address in own else "member"], (address, answer.status)


@pytest.mark.sqlite_only  # refused before the database is used
def test_no_deed_is_done_without_a_token(
    app: Flask, world: Any, browsers: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    browser, adapter = browsers["administrator"], app.url_map.bind("localhost")
    for address, _expected in rows("POST"):
        path = address.format(**world)
        endpoint = adapter.match(path, method="POST")[0]
        if endpoint in WITHOUT_TOKEN:
            continue
        for token in (None, "", "made.up") if "/topics/" in path else (None,):
            answer = browser.post(path, data={"csrf_token": token} if token is not None else {})
            if endpoint in ENTRANCES:  # for visitors: who is signed in is led on
                assert (answer.status_code, answer.location) == (303, "/"), address
                continue
            assert answer.status_code == 400, (address, token)
            assert "This was not sent yet" in answer.get_data(as_text=True), address


@pytest.mark.sqlite_only  # refused before the database is used
def test_a_token_of_somebody_else_does_not_fit(
    app: Flask, world: Any, browsers: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = browsers["member"].get("/settings").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    pin = f"/topics/{world['topic']}/pin"
    assert browsers["moderator"].post(pin, data={"csrf_token": token}).status_code == 400


@pytest.mark.sqlite_only  # reach is tested on both databases in test_permissions.py
def test_what_is_out_of_reach_is_as_if_it_were_not(
    app: Flask, world: Any, people: Any, browsers: dict[str, FlaskClient]
) -> None:
    """On every route, the response for a hidden or unfinished thing is that for one that does not exist."""
    hidden = hide(world, people)
    for role in ("visitor", "member"):
        browser = browsers[role]
        for rule in app.url_map.iter_rules():
            for there, absent in pairs(rule.rule, hidden):
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    answers = []
                    for path in (there, absent):
                        with undone(browser):
                            answer = browser.open(path, method=method)
                            said = (answer.location or "").replace(path.strip("/"), "…")
                            answers.append((answer.status_code, said))
                    assert answers[0] == answers[1], (role, method, there)


def hide(world: dict[str, Any], people: Any) -> dict[str, list[Any]]:
    """Hide a topic, a case, a practice and a member; returns their slugs, by the first part of their addresses."""

    for kind, item_id in (("topic", world["topic"]), ("member", people.ben.id)):
        decide(people.moderator, kind, item_id, "hide", Reasons("It broke a rule.", 2))
    for kind, item_id in (("case", world["case_id"]), ("practice", world["practice_id"])):
        decide(people.moderator, kind, item_id, "hide", Reasons("It broke a rule.", 2))
    return {
        "topics": [world["topic"]],
        "posts": [world["post"], world["hidden_post"]],
        "revisions": [world["revision"]],
        "marks": [world["mark"]],
        "follow-ups": [world["told"]],
        "cases": [world["case"]],
        "practices": [world["practice"], world["submitted"], world["draft"]],
        "members": [people.ben.handle],
    }


def pairs(rule: str, hidden: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    """Addresses of hidden things, each with that of a thing that does not exist."""
    room, _, rest = rule.strip("/").partition("/")
    part = rest.partition("/")[0].partition("-")[0]
    if room in hidden and part.startswith("<"):
        for name in hidden[room]:
            absent = 999_999 if isinstance(name, int) else "never-was"
            yield tuple(  # type: ignore[misc]  # a pair
                rule.replace(part, str(chosen)).replace("<slug>", "x") for chosen in (name, absent)
            )


def test_nobody_ends_the_session_of_another(
    world: Any, people: Any, browsers: dict[str, FlaskClient]
) -> None:
    before = [session.id for session in sessions_of(people.ana)]
    browsers["member"].post(f"/settings/sessions/{world['session']}/end")
    browsers["administrator"].post(f"/settings/sessions/{world['session']}/end")
    assert [session.id for session in sessions_of(people.ana)] == before
