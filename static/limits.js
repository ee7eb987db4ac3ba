/** Says below a field how much of its text is too long; nothing is cut off. */

export function start({ over }) {
  document.querySelectorAll("[data-most]").forEach((field) => watch(field, over));
}

function watch(field, over) {
  const said = Object.assign(document.createElement("p"), { className: "err" });
  const { most } = field.dataset;
  let timer;
  said.setAttribute("role", "status");
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
