"""FlaskBB as a server runs it, in an environment that knows nothing of the forum; as a program, it is filled.

With the name of a file it fills the empty database with what `tests.bench.peer` has written there, and prints as JSON the
paths of forums and topics, and what some members send with a request: their cookie, and the token of a form.
BENCH_PEER_DATABASE is the address of the database, BENCH_PEER_DATA a folder for the search index.

The patch that FlaskBB 2.0.2 needs since Python 3.10 is the names that were once in `collections`. Its logs go nowhere.
"""

from __future__ import annotations

import collections
import collections.abc
import json
import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

for _name in ("Callable", "Iterable", "Mapping", "MutableMapping", "MutableSet"):
    setattr(collections, _name, getattr(collections.abc, _name))

from flaskbb import create_app  # noqa: E402  # the names are looked up while it is loaded
from flaskbb.extensions import db  # noqa: E402
from flaskbb.forum.models import Category, Forum, Post, Topic  # noqa: E402
from flaskbb.management.models import Setting  # noqa: E402
from flaskbb.user.models import Group, User  # noqa: E402
from flaskbb.utils.populate import create_default_groups, create_default_settings  # noqa: E402

POSTS_OF_A_PAGE = 20  # as many as the forum has
PASSWORD, SIGNED_IN = "in this bench alone", 8


class Config:
    """What differs from FlaskBB's own settings: addresses, keys, no logs."""

    SQLALCHEMY_DATABASE_URI = os.environ["BENCH_PEER_DATABASE"]
    WHOOSHEE_DIR = str(Path(os.environ["BENCH_PEER_DATA"], "index"))
    SECRET_KEY, WTF_CSRF_SECRET_KEY = "of this bench", "of its forms"
    USE_DEFAULT_LOGGING, LOG_DEFAULT_CONF = False, {"version": 1}


app = create_app(Config)


def fill(content: dict[str, Any]) -> None:
    """Fill an empty database with members, forums, topics and posts, and the counters that FlaskBB would have counted."""
    db.create_all()
    create_default_groups()
    create_default_settings()
    Setting.query.filter_by(key="posts_per_page").one().value = POSTS_OF_A_PAGE
    _insert(User, _member_rows(content["members"]))
    category = Category(title="Agendas").save()
    for title in content["agendas"]:
        Forum(title=title, description="", category_id=category.id).save()
    # Ids count from 1, in the order in which rows are added to an empty database
    topics: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    for number, topic in enumerate(content["topics"], 1):
        own = [_post_row(number, post, content["members"]) for post in topic["posts"]]
        opened, last = own[0], own[-1]
        topics.append(
            {"forum_id": topic["agenda"] + 1, "title": topic["title"], "post_count": len(own)}
            | {name: opened[name] for name in ("user_id", "username", "date_created")}
            | {"last_updated": last["date_created"]}
            | {"first_post_id": len(posts) + 1, "last_post_id": len(posts) + len(own)}
        )
        posts += own
    ends = ("first_post_id", "last_post_id")  # which refer to posts that refer to topics
    _insert(Topic, [{k: v for k, v in topic.items() if k not in ends} for topic in topics])
    _insert(Post, posts)
    update = Topic.__table__.update().where(Topic.id == db.bindparam("topic"))
    values = {name: db.bindparam(name) for name in ends}
    ended = [
        {"topic": number} | {name: topic[name] for name in ends}
        for number, topic in enumerate(topics, 1)
    ]
    db.session.execute(update.values(values), ended)
    for forum in Forum.query:
        forum.recalculate(last_post=True)
    for member in User.query:
        member.post_count = Post.query.filter(Post.user_id == member.id).count()
    db.session.commit()


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    db.session.execute(model.__table__.insert(), rows)
    db.session.commit()


def _member_rows(names: list[str]) -> list[dict[str, Any]]:
    one = User(password=PASSWORD)  # hashed, which takes its time
    common = {
        "password": one.password,
        "primary_group_id": Group.get_member_group().id,
        "activated": True,
    }
    return [
        common | {"username": name, "email": f"{number}@example.org"}
        for number, name in enumerate(names)
    ]


def _post_row(topic: int, post: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {
        "topic_id": topic,
        "user_id": post["member"] + 1,
        "username": names[post["member"]],
        "content": post["source"],
        "date_created": datetime.fromisoformat(post["created"]),
    }


def sign_in(name: str, topic: str) -> dict[str, str]:
    """Sign a member in through the form; the cookie, and the token that a form on the page of a topic has."""
    client = app.test_client()
    fields = {"login": name, "password": PASSWORD, "csrf_token": _token(client.get("/auth/login"))}
    answer = client.post("/auth/login", data=fields)
    assert answer.status_code == 302, answer.data
    token = _token(client.get(topic))
    (cookie,) = [one for one in client.cookie_jar if one.name == "session"]
    return {"cookie": f"session={cookie.value}", "token": token}


def _token(page: Any) -> str:
    return str(re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page.data.decode())[0])


def main(file: str) -> None:
    """Fill the database, and print what a reader and a writer need."""
    content = json.loads(Path(file).read_text())
    with app.test_request_context():
        fill(content)
        topics = [topic.url for topic in Topic.query.order_by(Topic.id)]
        forums = [forum.url for forum in Forum.query.order_by(Forum.id)]
    members = [sign_in(name, topics[0]) for name in content["members"][:SIGNED_IN]]
    print(json.dumps({"topics": topics, "forums": forums, "members": members}))


if __name__ == "__main__":
    main(sys.argv[1])
