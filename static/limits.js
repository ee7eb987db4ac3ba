/** Says at once what a form would refuse: how much of a text is too long, that too many boxes are ticked; nothing is cut off. */

export function start({ over, root = document }) {
  root.querySelectorAll("[data-most]").forEach((field) => watch(field, over));
  root.querySelectorAll("[data-too-many]").forEach(count);
}

function watch(field, over) {
  const said = message();
  const { most } = field.dataset;
  let timer;
  field.addEventListener("input", () => {
    if (!said.isConnected && field.value.length <= most) return;
    if (!said.isConnected) (field.closest(".comp, .combo") ?? field).after(said); // empty at first, so that it is heard
    clearTimeout(timer);
    timer = setTimeout(() => {
      const tooMany = [...field.value.trim().normalize()].length - most; // counted as the forum does
      said.textContent = tooMany > 0 ? `${over} ${tooMany.toLocaleString(document.documentElement.lang)}` : "";
    }, 500);
  });
}

function count(group) {
  const said = message();
  const { atMost, tooMany } = group.dataset;
  group.append(said);
  group.addEventListener("change", () => {
    said.textContent = group.querySelectorAll(":checked").length > atMost ? tooMany : "";
  });
}

function message() {
  const said = Object.assign(document.createElement("p"), { className: "err" });
  said.setAttribute("role", "status");
  return said;
}
