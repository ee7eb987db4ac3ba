"""The commands of the members room: their output, refusals and exit codes."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import pytest

from forum.app import create_app
from forum.db import db
from forum.errors import Forbidden
from forum.members import actions, commands, queries
from forum.passwords import verify_password
from forum.permissions import SYSTEM
from forum.settings import from_environment

PASSWORD = "four unrelated plain words"


@pytest.fixture
def run(app, monkeypatch):
    # The test database has its tables already
    monkeypatch.setattr("flask_migrate.upgrade", lambda: None)
    runner = app.test_cli_runner()
    return lambda *words, said="": runner.invoke(args=words, input=said)


def test_members_are_listed(run, people):
    done = run("members", "list")
    assert "mona-berg\tmoderator\tmona@example.org\tMona Berg\t" in done.output
    assert f"\tMona Berg\t{people.moderator.id}\n" in done.output
    assert len(done.output.splitlines()) == 6


def test_a_new_password_ends_sessions(run, people):
    token = actions.sign_in(people.ana)
    done = run("members", "password", "ana-prado", said=PASSWORD + "\n")
    assert done.exit_code == 0
    assert queries.session_by_token(token) is None
    assert verify_password(queries.member_by_email("ana@example.org").password_hash, PASSWORD)


def test_no_password_is_asked_for_where_nobody_has_the_handle(run, people, monkeypatch):
    monkeypatch.setattr(commands, "new_password", pytest.fail)
    done = run("members", "password", "ana-prad", said=PASSWORD + "\n")
    assert (
        done.exit_code == 1
        and "There is no member with this handle. `flask members list`" in done.output
    )


def answers(name="Cities of the North", email="ingrid@city.example", password=PASSWORD):
    return "\n".join([name, "We learn.", "Ingrid Solberg", email, password, ""])


def test_a_forum_is_set_up(run):
    done = run("setup", said=answers())
    assert done.exit_code == 0, done.output
    federation = queries.federation_if_there()
    assert (federation.name, federation.tagline) == ("Cities of the North", "We learn.")
    assert (federation.contact_email, federation.is_demo) == ("ingrid@city.example", False)
    member = queries.member_by_email("ingrid@city.example")
    assert member.is_administrator
    assert PASSWORD not in done.output
    assert "/sign-in: the home page says what to do first." in done.output


def test_a_forum_is_set_up_once(run):
    actions.found_federation(SYSTEM, "There already")
    done = run("setup", said=answers())
    assert done.exit_code == 1 and "has been set up already" in done.output


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n",
        "Name\n",
        answers(name="?!"),
        answers(email="x"),
        answers(password="short"),
        answers(password="citiesofthenorth"),
    ],
)
def test_half_an_answer_sets_up_nothing(run, said):
    assert run("setup", said=said).exit_code == 1
    assert queries.federation_if_there() is None
    assert queries.all_members() == []


@pytest.mark.parametrize(
    ("which", "most", "question"),
    [
        (0, 80, "Name of the forum"),
        (1, 300, "What it is for, in one sentence"),
        (2, 80, "Your name, as its first administrator"),
        (3, 200, "Your e-mail address"),
    ],
)
def test_an_answer_that_is_too_long_is_refused_before_the_cities_are_loaded(
    run, monkeypatch, which, most, question
):
    monkeypatch.setattr(commands, "load_cities", lambda: pytest.fail("loaded"))
    said = answers().split("\n")
    said[which] = "x" * (most + 1)
    done = run("setup", said="\n".join(said))
    assert done.exit_code == 1 and queries.federation_if_there() is None
    assert done.output == f"Error: {question}: write at most {most} characters.\n"


@pytest.fixture
def typed(run, monkeypatch):
    """Runs a command at a terminal, where these lines are typed one after the other."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(commands, "sys", terminal)
    monkeypatch.setattr(commands, "load_cities", lambda: None)
    return lambda *words, lines: run(*words, said="".join(f"{line}\n" for line in lines))


def test_setup_says_at_a_terminal_what_is_wrong_and_asks_again(typed, people):
    lines = ["x" * 81, " ", "?!", " Cities of the North ", "y" * 301, ""]
    lines += ["https://ingrid.example", "Ingrid Solberg"]
    lines += ["ingrid", "Ana@example.org", "ingrid@city.example"]
    lines += ["short", "password123", "ingridsolberg", PASSWORD, "another", PASSWORD, PASSWORD]
    done = typed("setup", lines=lines)
    assert done.exit_code == 0, done.output
    assert [line.partition(": ")[2] for line in done.output.splitlines() if "Error:" in line] == [
        "Name of the forum: write at most 80 characters.",
        "Give the forum a name.",
        "Give the forum a name.",
        "What it is for, in one sentence: write at most 300 characters.",
        "Write a name, not an address.",
        "This is not an e-mail address.",
        "There is an account with this address.",
        "The password has to have 8 to 128 characters.",
        "Many people use this password. Choose a less common one.",
        "Choose a password that is not made of your name, your address or the forum’s.",
        "The two passwords differ.",
    ]
    assert (queries.federation_if_there().name, queries.federation_if_there().tagline) == (
        "Cities of the North",
        "",
    )
    member = queries.member_by_email("ingrid@city.example")
    assert member.is_administrator and verify_password(member.password_hash, PASSWORD)


@pytest.mark.usefixtures("recognising_all")
def test_setup_asks_at_a_terminal_in_which_language_the_sentence_is(typed):
    lines = ["Villes du Nord", "Nous apprenons.", "de", "fr", "Ingrid Solberg"]
    done = typed("setup", lines=[*lines, "ingrid@city.example", PASSWORD, PASSWORD])
    assert done.exit_code == 0, done.output
    assert "In which language that is (en, es, fr) [en]: " in done.output
    federation = queries.federation_if_there()
    assert (federation.tagline, federation.tagline_locale) == ("Nous apprenons.", "fr")


@pytest.mark.usefixtures("recognising_all")
def test_setup_is_told_the_language_of_the_sentence_where_nobody_can_be_asked(run):
    refused = run("setup", "--language", "tlh", said=answers())
    assert refused.exit_code == 2 and "are: en, es, fr." in refused.output
    assert run("setup", "--language", "fr", said=answers()).exit_code == 0
    assert queries.federation_if_there().tagline_locale == "fr"


def test_setup_ends_when_nothing_more_is_typed(typed):
    done = typed("setup", lines=["Cities of the North", "", "Ingrid Solberg", "ingrid"])
    assert done.exit_code == 1 and done.output.count("Your e-mail address:") == 2
    assert "This is not an e-mail address.\nAborted!\n" in done.output
    assert "Everybody reads this address" in done.output.partition("Your e-mail address:")[0]
    assert queries.federation_if_there() is None and queries.all_members() == []


def test_other_commands_ask_again_for_a_password_at_a_terminal(typed, people):
    words = ("members", "password", "ana-prado")
    done = typed(*words, lines=["short", PASSWORD])
    assert done.exit_code == 0 and "8 to 128 characters" in done.output
    assert typed(*words, lines=["short"]).exit_code == 1


@pytest.fixture
def two_cities(monkeypatch, tmp_path):
    path = tmp_path / "cities.tsv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("id\tname\tcountry\tlatitude\tlongitude\tpopulation\tadmin1\talternates\n")
        file.write("90000001\tNewtown\tAU\t1.5\t-2.5\t12\t\t新城|Нью\n")
        file.write("90000002\tOldtown\tAU\t1\t2\t5\t02\t\n")
    monkeypatch.setattr(commands, "CITIES_FILE", path)


def test_setting_up_makes_the_tables_and_loads_the_cities(two_cities, tmp_path):
    app = create_app(from_environment({"FORUM_DATA": str(tmp_path), "FORUM_LIMITS": "0"}))
    done = app.test_cli_runner().invoke(args=["setup"], input=answers())
    assert done.exit_code == 0, done.output
    log = tmp_path / "forum.sqlite-wal"
    assert not log.exists() or log.stat().st_size == 0, "the file alone is the whole forum"
    with app.app_context():
        assert queries.federation_if_there().name == "Cities of the North"
        assert queries.cities_count() == 2
        assert queries.member_by_email("ingrid@city.example").is_administrator
        db.session.remove()
        db.engine.dispose()


def test_no_slow_statements_stand_between_the_questions(two_cities, tmp_path, monkeypatch):
    logged = []
    monkeypatch.setattr(
        "forum.logs.log.handle", lambda record: logged.append(getattr(record, "statement", ""))
    )
    settings = {"FORUM_DATA": str(tmp_path), "FORUM_SLOW_MS": "0"}
    app = create_app(from_environment(settings))
    assert app.test_cli_runner().invoke(args=["setup"], input=answers()).exit_code == 0
    assert logged and not [statement for statement in logged if "INTO city" in statement]
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_cities_are_loaded_from_the_file(run, two_cities):
    done = run("cities", "load")
    assert done.exit_code == 0 and "2 cities are loaded." in done.output
    city = queries.city_by_name("新城")
    assert (city.slug, city.longitude, city.population) == ("newtown", -2.5, 12)
    assert queries.city_by_name("Oldtown").id == 90000002


def geonames(
    number,
    name,
    people,
    code="PPL",
    kind="P",
    country="CH",
    others="Glion,Глион,ILZ",
    north="46.77",
    east="9.2",
):
    line = [number, name, name, others, north, east, kind, code, country, *[""] * 5, people]
    return "\t".join(map(str, [*line, "700", "700", "Europe/Zurich", "2026-01-01"])) + "\n"


def test_smaller_places_are_added_from_a_file_of_geonames(run, two_cities, tmp_path):
    run("cities", "load")
    before = queries.cities_count()
    places = tmp_path / "CH.txt"
    places.write_text(
        geonames(2660370, "Ilanz", 4800)
        + geonames(90000001, "New Town of the file", 13)  # the forum brings it with it
        + geonames(2660371, "Weiler", 40)
        + geonames(2660372, "Ruin", 900, code="PPLQ")
        + geonames(2660373, "Rhine", 900, kind="H", code="STM"),
        encoding="utf-8",
    )
    done = run("cities", "load", "--more", str(places))
    assert done.exit_code == 0 and "Places of CH.txt that are loaded: 1." in done.output
    ilanz = queries.city_by_name("Ilanz", "CH")
    assert (ilanz.id, ilanz.slug, ilanz.latitude, ilanz.population) == (
        2660370,
        "ilanz",
        46.77,
        4800,
    )
    assert queries.city_by_name("глион").id == ilanz.id
    assert queries.city_by_name("ILZ") is None, "a code of an airport"
    assert queries.city_by_name("Newtown").population == 12
    assert queries.cities_count() == before + 1
    assert run("cities", "load", "--more", str(places), "--people", "30").exit_code == 0
    assert queries.city_by_name("Weiler").population == 40
    assert queries.city_by_name("Ilanz").slug == "ilanz", "its address stays"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "Line 1 of CH.zip is none of GeoNames: unpack the archive"),
        (geonames(1, "A", "many").encode(), "Line 1 of CH.zip is none of GeoNames"),
        (geonames(1, "A", 40).encode(), "CH.zip has no place of 500 people or more"),
    ],
)
def test_a_file_without_smaller_places_is_refused(run, two_cities, tmp_path, content, said):
    before = queries.cities_count()
    places = tmp_path / "CH.zip"
    places.write_bytes(content)
    done = run("cities", "load", "--more", str(places))
    assert done.exit_code == 1 and said in done.output
    assert queries.cities_count() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": "a\x07b"}, "the number “a"),
        ({"number": 0}, "the number “0”"),
        ({"number": 2**31}, "the number “2147483648”"),
        ({"people": 2**31}, "the population “2147483648”"),
        ({"people": "9" * 5_000}, "the population “999"),
        ({"north": "46,77"}, "the latitude “46,77”"),
        ({"north": "91"}, "the latitude “91”"),
        ({"north": "nan"}, "the latitude “nan”"),
        ({"east": "-180.5"}, "the longitude “-180.5”"),
        ({"name": " "}, "the name “ ”"),
        ({"name": "A" * 201}, "the name “AAA"),
        ({"name": "Gen\ufffdve"}, "the name “Gen�ve”"),
    ],
)
def test_a_place_that_cannot_be_ends_the_loading_before_it_begins(
    run, two_cities, tmp_path, wrong, said
):
    before = queries.cities_count()
    places = tmp_path / "CH.txt"
    line = geonames(**({"number": 2660371, "name": "Weiler", "people": 900} | wrong))
    places.write_text(geonames(2660370, "Ilanz", 4800) + line, encoding="utf-8")
    done = run("cities", "load", "--more", str(places))
    assert done.exit_code == 1 and f"Error: Line 2 of CH.txt gives a place {said}" in done.output
    assert "Nothing was loaded." in done.output
    assert queries.cities_count() == before


def test_places_are_added_once_from_a_file_that_has_them_twice_and_begins_with_a_mark(
    run, two_cities, tmp_path
):
    run("cities", "load")
    places = tmp_path / "CH.txt"
    lines = geonames(2660370, "Ilanz", 4800) + geonames(2660371, "Oldtown", 900, others="Ol\0d,,")
    places.write_text(lines + lines, encoding="utf-8-sig")
    for _time in range(2):
        done = run("cities", "load", "--more", str(places))
        assert "Places of CH.txt that are loaded: 2." in done.output, done.output
    assert queries.get_city("ilanz").id == 2660370
    assert queries.get_city("oldtown-ch").id == 2660371, "the bigger one has the name alone"


def test_others_can_write_while_many_places_are_loaded(run, two_cities, tmp_path, monkeypatch):
    places, batches, load = tmp_path / "CH.txt", [], actions.load_cities
    lines = geonames(2660370, "Ilanz", 600) + geonames(2660371, "Ilanz", 4800)
    places.write_text(lines + geonames(2660372, "Weiler", 700), encoding="utf-8")

    def load_noted(system, rows, *more):
        batches.append([row[0] for row in rows])
        return load(system, rows, *more)

    monkeypatch.setattr(actions, "load_cities", load_noted)
    monkeypatch.setattr(commands, "CITIES_AT_ONCE", 2)
    done = run("cities", "load", "--more", str(places))
    assert "Places of CH.txt that are loaded: 3." in done.output
    assert batches == [[2660371, 2660372], [2660370]]
    slugs = {2660370: "ilanz-ch", 2660371: "ilanz", 2660372: "weiler"}
    assert queries.city_slugs(slugs) == slugs
    assert queries.taken_city_slugs(["ilanz", "nowhere"]) == {"ilanz"}
    assert commands.load_cities() == 2 and len(batches[-1]) == 2, "the first list is loaded whole"


def test_the_number_of_people_is_of_a_file(run, two_cities):
    done = run("cities", "load", "--people", "40")
    assert done.exit_code == 2 and "Say with --more of which file." in done.output


def test_the_carried_file_has_the_cities_of_the_world():
    rows = list(commands.city_rows())
    assert len(rows) > 30_000
    tokyo = next(row for row in rows if row[1] == "Tokyo")
    assert tokyo[2] == "JP" and "東京" in tokyo[6]
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.usefixtures("recognising_all")
def test_the_forum_gets_another_name_sentence_and_contact(run, app):
    assert "has not been set up yet" in run("forum").output
    actions.found_federation(SYSTEM, "Interurban", "Cities learn.", contact_email="a@city.example")
    assert (
        run("forum").output == "name: Interurban\ntagline: Cities learn.\ncontact: a@city.example\n"
    )
    done = run("forum", "--name", " Metro  Forum ", "--contact", "office@city.example")
    assert done.exit_code == 0 and "name: Metro Forum\ntagline: Cities learn.\n" in done.output
    assert "Every page says so from now on" in done.output
    assert queries.federation_if_there().contact_email == "office@city.example"
    assert (
        run("forum", "--tagline", "").exit_code == 0 and queries.federation_if_there().tagline == ""
    )
    assert run("forum", "--tagline", "Cities learn.", "--language", "en").exit_code == 0
    done = run("forum", "--tagline", "Les villes apprennent.", "--language", "fr")
    assert "\ntagline (en): Cities learn.\ntagline (fr): Les villes apprennent.\n" in done.output
    assert "(fr)" not in run("forum", "--tagline", "", "--language", "fr").output
    for unknown in (["--language", "fr"], ["--tagline", "Learn.", "--language", "tlh"]):
        assert run("forum", *unknown).exit_code == 2
    for wrong in (("--name", " "), ("--name", "x" * 81), ("--contact", "office")):
        refused = run("forum", *wrong)
        assert refused.exit_code == 1 and "Error: " in refused.output, wrong
        assert queries.federation_if_there().name == "Metro Forum"


def test_only_who_administers_describes_the_forum(app, people):
    actions.found_federation(SYSTEM, "Interurban")
    with pytest.raises(Forbidden):
        actions.describe_federation(people.moderator, name="Mine")
    assert actions.describe_federation(people.administrator, name="Ours").name == "Ours"
