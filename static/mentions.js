/** Whom to mention: members whose names begin like what stands behind an @. */

const BEGUN = /(?:^|[^\p{L}\p{M}\p{N}@/.+=&#_-])@([\p{L}\p{M}\p{N}-]{1,40})$/u;

export function start({ load, write }) {
  const suggest = (frame) => {
    const field = frame.querySelector("textarea");
    return load("combobox", {
      field,
      address: frame.dataset.mentions,
      label: frame.dataset.label,
      kind: "mentions",
      words: () => begun(field)?.normalize() ?? null,
      parts: ({ name, place, handle }) => [name, [place, `@${handle}`].filter(Boolean).join(" · ")],
      choose({ handle }) {
        const typed = begun(field);
        const end = field.selectionStart;
        if (typed !== null) write(field, `${handle} `, end - typed.length, end);
      },
      put: (...made) => frame.after(...made),
    });
  };
  return Promise.all([...document.querySelectorAll("[data-mentions]")].map(suggest));
}

/** What is typed behind an @ up to where one writes; null when one is not about to mention somebody. */
function begun(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return field.value.slice(0, field.selectionStart).match(BEGUN)?.[1] ?? null;
}
