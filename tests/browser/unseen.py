"""What axe does not see on the page that is open: words that are cut off or lie on others, controls too close, names."""

from __future__ import annotations

from typing import Any

# What readers may set in their browsers (WCAG 1.4.4, 1.4.10, 1.4.12), with the width of the window: in an order in which
# a page that is looked at wide before and narrow afterwards is laid out few times.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""
LARGE = "html { font-size: 200% }"
SETTINGS = {"large on a desk": (1280, LARGE), "spaced": (320, SPACED), "large": (390, LARGE)}

SET = """style => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
}"""

# Words beyond the window, cut off by what holds them, or on other words; tables and code scroll by themselves, what sticks
# to an edge lies on others, and of `.few` only the first lines are shown.
CROWDED = """() => {
  const {clientWidth, scrollWidth} = document.documentElement;
  const found = scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} px wider than the window`] : [];
  const holders = element => {
    const all = [];
    for (let one = element; one !== document.body; one = one.parentElement)
      if (getComputedStyle(one).overflowX !== "visible") all.push(one);
    return all;
  };
  const words = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const {currentNode: node} = texts, element = node.parentElement;
    if (!node.data.trim() || element.closest(".vh, .skip, .by-row thead, svg, .act, .stick, .decbar, .told")) continue;
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    const range = document.createRange(), held = holders(element), said = node.data.trim().slice(0, 40);
    const scrolls = element.closest(".tw, pre, .prose > table");
    range.selectNodeContents(node);
    const shown = element.closest(".few")?.getBoundingClientRect().bottom ?? Infinity;
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 2 || box.top + box.height / 2 > shown) continue;
      if (!scrolls && (box.left < -1 || box.right > clientWidth + 1)) found.push(`“${said}” is beyond the window`);
      for (const one of scrolls ? [] : held) {
        const frame = one.getBoundingClientRect(), dot = parseFloat(getComputedStyle(one).fontSize) * 1.3;
        if (box.left < frame.left - dot || box.right > frame.right + dot) found.push(`“${said}” is cut off`);
      }
      words.push({box, node, said});
    }
  }
  words.sort((one, other) => one.box.top - other.box.top);
  words.forEach(({box, node, said}, place) => {
    for (let next = place + 1; next < words.length && words[next].box.top < box.bottom - 3; next++) {
      const other = words[next];
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const down = Math.min(box.bottom, other.box.bottom) - other.box.top;
      const isOn = across > 3 && down > .35 * Math.min(box.height, other.box.height);
      if (isOn && other.node !== node) found.push(`“${said}” and “${other.said}” lie on each other`);
    }
  });
  return found;
}"""


# Lists of menus that would stand beyond the window
MENUS = """() => {
  const found = [];
  for (const menu of document.querySelectorAll(".more")) {
    menu.open = true;
    const {left, right} = menu.querySelector(".pop").getBoundingClientRect();
    if (left < 0 || right > document.documentElement.clientWidth)
      found.push(`the list of “${menu.querySelector("summary").textContent.trim()}” is beyond the window`);
    menu.open = false;
  }
  return found;
}"""


def crowded(page: Any) -> list[str]:
    """What does not fit, whatever the reader has set; leaves the page without these settings."""
    found = []
    for how, (width, style) in SETTINGS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SET, style)
        found += [f"{how}: {fault}" for part in (CROWDED, MENUS) for fault in page.evaluate(part)]
    page.evaluate(SET, "")
    return found


# Small controls so near to another one that a finger takes the wrong one (WCAG 2.5.8); links in a sentence are exempt,
# and so is the map, whose places stand in a list as well. Controls whose names lack what they show (2.5.3), forms that screen readers call wrong from the
# start, and links and buttons of several posts that are told apart only by their place (2.4.4, 2.4.9).
CONTROLS = """() => {
  const found = [], squeezed = text => text.replace(/\\s+/g, " ").trim().toLowerCase();
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter(control => control.checkVisibility({visibilityProperty: true}) && !control.closest(".vh, .skip, svg"))
    .map(control => {
      const boxes = [...(control.closest("label") ?? control).getClientRects()].filter(({width}) => width > 1);
      const [left, top] = ["left", "top"].map(side => Math.min(...boxes.map(box => box[side])));
      const [right, bottom] = ["right", "bottom"].map(side => Math.max(...boxes.map(box => box[side])));
      const isSmall = right - left < 23.5 || bottom - top < 23.5;
      return {control, left, top, right, bottom, x: (left + right) / 2, y: (top + bottom) / 2, isSmall, said: squeezed(control.ariaLabel ?? control.textContent), sticks: control.closest(".decbar")};
    })
    .filter(({left}) => left < Infinity);
  const isInSentence = ({control, said}) => {
    if (getComputedStyle(control).display !== "inline") return false;
    let block = control.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const others = [...block.querySelectorAll("a, button")].map(one => squeezed(one.textContent)).join("");
    return squeezed(block.innerText).length - others.length > 8;
  };
  for (const one of all.filter(one => one.isSmall && !isInSentence(one)))
    for (const other of all) {
      if (other === one || other.control.contains(one.control) || one.control.contains(other.control)) continue;
      if (one.sticks !== other.sticks) continue; // one scrolls below the other
      const gap = Math.hypot(...[[one.x, other.left, other.right], [one.y, other.top, other.bottom]]
        .map(([at, from, to]) => Math.max(from - at, 0, at - to)));
      const apart = other.isSmall ? Math.hypot(one.x - other.x, one.y - other.y) : Infinity;
      if (gap < 11.5 || apart < 23.5) found.push(`“${one.said}” is too near to “${other.said}”`);
    }
  for (const {control} of all.filter(({control}) => control.ariaLabel))
    if (!squeezed(control.ariaLabel).includes(squeezed(control.innerText)))
      found.push(`“${control.innerText}” has another name: “${control.ariaLabel}”`);
  for (const form of document.querySelectorAll("main form:invalid:not(.pager form)"))
    found.push(`“${squeezed(form.innerText).slice(0, 40)}” is called wrong before anything is typed`);
  const places = {};
  for (const {control, said} of all.filter(({control}) => control.matches(".acts :is(a, button), .mg .dot a"))) {
    const place = control.href ?? `${control.formAction} ${control.value}`;
    if ((places[said] ??= place) !== place) found.push(`“${said}” leads to several places`);
  }
  return found;
}"""


def misleading(page: Any) -> list[str]:
    """Controls that one presses or names in place of another."""
    return [str(fault) for fault in page.evaluate(CONTROLS)]
