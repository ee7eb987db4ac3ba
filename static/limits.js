/** Says at once what a form would refuse: how much of a text is too long, that too many boxes are ticked; nothing is cut off. */

let tools;

/** Fields are heard where they all are, so that a row added later is heard from its first letter. */
export function start(given) {
  tools = given;
  document.addEventListener("input", ({ target: field }) => {
    if (field.matches("[data-most]")) (field.measured ??= measure(field))();
  });
  document.querySelectorAll("[data-too-many]").forEach(count);
}

/** Returns what says of a field by how much it is too long, shortly after one stops typing. */
function measure(field) {
  const said = message();
  const { most } = field.dataset;
  let timer;
  return () => {
    if (!said.isConnected && field.value.length <= most) return;
    if (!said.isConnected) (field.closest(".comp, .combo") ?? field).after(said); // empty at first, so that it is heard
    clearTimeout(timer);
    timer = setTimeout(() => {
      const tooMany = [...field.value.trim().normalize()].length - most; // counted as the forum does
      said.textContent = tooMany > 0 ? `${tools.over} ${tooMany.toLocaleString(tools.language)}` : "";
    }, 500);
  };
}

function count(group) {
  const said = message();
  const { atMost, tooMany } = group.dataset;
  group.append(said);
  group.addEventListener("change", () => {
    said.textContent = group.querySelectorAll(":checked").length > atMost ? tooMany : "";
  });
}

const message = () => tools.make("p", { className: "err", role: "status" });
