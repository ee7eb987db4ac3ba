"""Pictures and files in texts: chosen, dropped and pasted, refused, quoted, read, hidden; and all of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.looks import faults_here
from tests.browser.people import Visit, leaving
from tests.samples_of_files import CSV, PDF
from tests.samples_of_pictures import picture

TURNED = Image.Exif()
TURNED[274] = 6  # Orientation: the camera was held upright
SAMPLES = {
    "lane.png": picture("PNG", (400, 300)),
    "plan.png": picture("PNG", (320, 200)),
    "street.jpg": picture("JPEG", (2400, 1800), exif=TURNED),
    "Kerb_plan.pdf": PDF,
    "Trees.csv": CSV,
    "old.doc": b"\xd0\xcf\x11\xe0" + b"\0" * 400,
    "street.heic": b"\0\0\0\x18ftypheic" + b"\0" * 400,
}
LINE = r"!\[\]\(/pictures/[0-9a-f]{24}-%s\.webp\)"
SAID = "Added. Say between the brackets what each picture shows, or what each file is."
# Gives files to an element, as by a drop or from the clipboard; says whether the browser is kept from its own way
GIVE = """(element, [kind, names]) => {
  const data = new DataTransfer();
  for (const [name, type] of names) {
    if (name) data.items.add(new File([Uint8Array.from(window.bytes)], name, { type }));
    else data.items.add("words", type);
  }
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...how, clipboardData: data })
    : new DragEvent(kind, { ...how, dataTransfer: data });
  return !element.dispatchEvent(event);
}"""
SIZES = """() => {
  const send = window.fetch;
  window.sizes = [];
  window.fetch = (address, how) => {
    window.sizes.push(how?.body?.get("picture")?.size);
    return send(address, how);
  };
}"""


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Returns the paths of samples, by name."""
    for name, data in SAMPLES.items():
        (tmp_path / name).write_bytes(data)
    return lambda *names: [tmp_path / name for name in names]


def choose(page: Page, paths: list[Path]) -> Locator:
    """Choose files by the tool, with the keyboard alone; returns what is said beside the tools."""
    said = page.locator(".tools + [aria-live=polite]")
    said.evaluate("said => said.replaceChildren()")
    with page.expect_file_chooser() as chooser:
        page.locator(".tools button").first.focus()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
    chooser.value.set_files(paths)
    return said


def test_a_picture_goes_from_a_file_to_its_readers_and_out_of_sight(
    member: Visit, moderator: Visit, visit: Any, files: Any
) -> None:
    topic = moderator.open_topic("Show us the lane")
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill("Here it is.")
    expect(choose(page, files("lane.png"))).to_have_text(SAID)
    expect(field).to_be_focused()
    page.keyboard.type("A wide lane")
    expect(field).to_have_value(re.compile(r"^Here it is\.\n\n!\[A wide lane\]\(/pictures/"))
    page.click("button[name=preview]")
    expect(page.locator("[data-preview] img")).to_have_attribute("alt", "A wide lane")
    with leaving(page):
        page.click("[data-publish]")
    reader = visit()
    shown = reader.go(topic).locator(".posts img")
    expect(shown).to_have_attribute("alt", "A wide lane")
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 400)
    address = str(shown.get_attribute("src"))
    post = str(reader.page.locator(".posts [data-post]").get_attribute("data-post"))
    moderator.send(f"/posts/{post}/hide", rule="2", reason="It shows a number plate.")
    expect(reader.go(topic).locator(".posts img")).to_have_count(0)
    assert reader.context.request.get(address).status == 404
    assert moderator.context.request.get(address).status == 200


def test_files_go_from_the_composer_to_their_readers(
    member: Visit, moderator: Visit, visit: Any, files: Any
) -> None:
    topic = moderator.open_topic("Show us the plan")
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill("Here it is.")
    said = choose(page, files("Kerb_plan.pdf", "old.doc", "Trees.csv"))
    expect(said).to_have_text(
        re.compile(r"^old\.doc: No file of this kind can be added\..*\n.*Added")
    )
    expect(field).to_be_focused()
    page.keyboard.type("Cross-section, ")
    line = r"\[%s\]\(/files/[0-9a-f]{24}-%s\)"
    both = f"{line % ('Cross-section, Kerb plan', r'77.pdf')}\n\n{line % ('Trees', r'24.csv')}"
    expect(field).to_have_value(re.compile(rf"^Here it is\.\n\n{both}\n+$"))
    with leaving(page):
        page.click("[data-publish]")
    link = visit().go(topic).locator(".posts .file").first
    expect(link).to_have_text("Cross-section, Kerb plan (PDF · 1\xa0kB)")
    with link.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Kerb_plan.pdf"
    assert Path(download.value.path()).read_bytes() == PDF
    expect(link).to_be_visible()  # the page stays


def test_what_is_put_in_can_be_undone_and_is_kept_as_a_draft(
    member: Visit, topic: str, files: Any
) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill("One.\n\nTwo.")
    field.evaluate("field => field.setSelectionRange(2, 2)")
    choose(page, files("lane.png"))
    expect(field).to_have_value(re.compile(f"^One\\.\n\n{LINE % '400x300'}\n\n+Two\\.$"))
    expect(page.locator("[data-saved]")).not_to_have_text("")
    page.wait_for_function("() => Object.values(localStorage).join().includes('/pictures/')")
    field.press("Control+z")
    expect(field).to_have_value("One.\n\nTwo.")


def test_two_at_once_of_which_one_is_large_and_was_turned(
    member: Visit, topic: str, files: Any
) -> None:
    page = member.go(topic)
    page.evaluate(SIZES)
    choose(page, files("street.jpg", "plan.png"))
    field = page.locator("[name=source]")
    both = re.compile(f"^{LINE % '1200x1600'}\n\n{LINE % '320x200'}\n\n$")
    expect(field).to_have_value(both, timeout=20_000)  # the browser makes the large one small first
    assert field.evaluate("field => field.selectionStart") == 2
    photograph, plan = page.evaluate("window.sizes.slice(0, 2)")
    assert photograph < len(SAMPLES["street.jpg"])  # made smaller here
    assert plan == len(SAMPLES["plan.png"])  # sent as it was


def test_pictures_are_pasted_and_dropped(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.evaluate("bytes => { window.bytes = bytes }", list(SAMPLES["lane.png"]))
    field, frame = page.locator("[name=source]"), page.locator(".comp")
    png, words = ["a.png", "image/png"], ["", "text/plain"]
    for element, kind, given, is_taken in (
        (field, "paste", [png, words], False),  # a table that is copied comes as a picture, too
        (field, "paste", [words], False),
        (frame, "dragover", [words], False),
        (frame, "dragover", [png], True),  # else the browser would leave for the file
        (field, "paste", [png], True),
        (frame, "drop", [png], True),
    ):
        assert element.evaluate(GIVE, [kind, given]) is is_taken, (kind, given)
        lines = LINE % "400x300" if is_taken and kind != "dragover" else ""
        expect(field).to_have_value(re.compile(f"{lines}\\s*$"))
        field.fill("")


def test_what_is_refused_is_said_and_the_text_stays(member: Visit, topic: str, files: Any) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill("Written in a tunnel.")
    said = choose(page, files("street.heic"))
    expect(said).to_have_text(re.compile(r"^street\.heic: This is no picture that can be read\."))
    sorry = "lane.png: This could not be added. Your text is still here."
    for answer, words in (
        (lambda route: route.abort("internetdisconnected"), sorry),
        (lambda route: route.fulfill(status=502, body="Bad gateway"), sorry),
        (lambda route: route.continue_(post_data="picture"), "signed out meanwhile"),
    ):
        page.route("**/pictures", answer)
        expect(choose(page, files("lane.png"))).to_contain_text(words)
        page.unroute("**/pictures")
    expect(field).to_have_value("Written in a tunnel.")
    member.complaints.clear()  # of having no line


def test_publishing_waits_for_a_picture_and_writing_goes_on(
    member: Visit, moderator: Visit, files: Any
) -> None:
    page = member.go(moderator.open_topic("A picture on a poor line"))
    held: list[Route] = []
    page.route("**/pictures", lambda route: held.append(route))  # noqa: PLW0108  # it is asked for its parameters
    said = choose(page, files("lane.png"))
    expect(said).to_have_text("Sending …")
    field = page.locator("[name=source]")
    field.fill("It is on its way")
    field.press("Control+Enter")
    expect(said).to_have_text(
        "A picture or file is still on its way. Press again when it is there."
    )
    held[0].continue_()
    page.unroute("**/pictures")
    expect(said).to_have_text(SAID)
    page.keyboard.type(", I think")
    expect(field).to_have_value(
        re.compile(f"^It is on its way, I think\n\n{LINE % '400x300'}\n\n$")
    )
    field.fill(field.input_value().replace("[]", "[A lane]"))
    with leaving(page):
        field.press("Control+Enter")
    expect(page.locator(".posts img")).to_have_count(1)


SELECT = """() => {
  const prose = document.querySelector(".post.op .prose");
  getSelection().setBaseAndExtent(prose.firstChild.firstChild, 0, prose, prose.childNodes.length);
}"""


def test_a_quoted_picture_becomes_a_link_in_the_quotation(member: Visit, visit: Any) -> None:
    author = visit()
    author.sign_in("moderator")
    line = author.add_picture(SAMPLES["lane.png"], "A wide lane")
    topic = author.open_topic(f"See:\n\n{line}\n*in June*", is_numbered=False)
    page = member.go(topic)
    field = page.locator("[name=source]")
    for by in ("all of it", "what is selected"):
        field.fill("")
        if by == "what is selected":
            page.evaluate(SELECT)
            page.click(".quoter")
        else:
            page.locator(".post.op .acts a", has_text="Quote").click()
        expect(field).to_have_value(re.compile(rf"> {re.escape(line)}(\n> | )\*in June\*"))
    page.click("button[name=preview]")
    preview = page.locator("[data-preview]")
    expect(preview.get_by_role("link", name="A wide lane")).to_have_count(1)
    expect(preview.locator("img")).to_have_count(0)
    field.fill("")


def test_the_line_is_copied(visit: Any) -> None:
    window = visit(permissions=["clipboard-read", "clipboard-write"])
    window.sign_in("member")
    line = window.add_picture(SAMPLES["plan.png"], "A plan")
    window.page.get_by_role("button", name="Copy the line").first.click()
    expect(window.page.locator(".note [role=status]").last).to_have_text("Copied")
    assert window.page.evaluate("navigator.clipboard.readText()") == line


def test_without_scripts_a_page_adds_the_picture(visit: Any, moderator: Visit) -> None:
    topic = moderator.open_topic("Pictures without scripts")
    plain = visit(java_script_enabled=False, viewport={"width": 390, "height": 844})
    plain.sign_in("member")
    page = plain.go(topic)
    page.get_by_text("Formatting help").click()
    with plain.context.expect_page() as opened:
        page.get_by_role("link", name="add one (new window)").click()
    adding = opened.value
    adding.get_by_role("button", name="Add it").click()
    expect(adding.locator(".sum")).to_contain_text("Choose a picture or a file.")
    line = plain.add_picture(SAMPLES["lane.png"], "A wide lane")
    expect(plain.page.get_by_role("button", name="Copy the line")).to_have_count(0)
    page = plain.go(topic)
    page.fill("[name=source]", f"Here it is.\n\n{line}")
    page.click("[data-publish]")
    expect(page.locator(".posts img")).to_have_js_property("naturalWidth", 400)
    link = page.locator(".posts .prose a")
    assert str(link.get_attribute("href")) in line


def test_a_picture_of_a_member_is_chosen_with_the_profile_and_stays_chosen_in_a_preview(
    visit: Callable[[], Visit], files: Callable[..., list[Path]]
) -> None:
    member = visit()
    member.sign_in("member")
    page = member.go("/settings")
    page.evaluate(SIZES)
    page.get_by_label("Picture of you").set_input_files(files("street.jpg"))
    page.fill("[name=about]", "I *count* kerbs.")
    page.click("[name=preview][value='1']")
    expect(page.locator("[data-preview] em")).to_have_text("count")
    assert page.evaluate("window.sizes") == [None], "the picture is not sent for a preview"
    member.follow(page.locator("[data-publish]").click)
    page = member.go("/members/wanjiru-kamau")
    face = page.locator("h1").locator("xpath=ancestor::header").locator("img.av")
    expect(face).to_have_js_property("naturalWidth", 256)
    assert face.evaluate(
        "face => [face.width, face.height, getComputedStyle(face).borderRadius]"
    ) == [112, 112, "3px"]
    assert faults_here(page, "/with-a-picture") == []
    assert faults_here(member.go("/members"), "/members-with-pictures") == []
    page = member.go("/settings")
    assert faults_here(page, "/settings-with-a-picture") == []
    page.get_by_label("Remove my picture").check()
    member.follow(page.locator("[data-publish]").click)
    expect(member.go("/members/wanjiru-kamau").locator("img.av")).to_have_count(0)
