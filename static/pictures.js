/** Pictures put into a text: chosen, dropped or pasted; made smaller here, so that a poor line has less to carry. */

const LARGEST = 1600;

export function start({ append, page }) {
  for (const bar of document.querySelectorAll("[data-pictures]")) {
    const field = document.getElementById(bar.getAttribute("aria-controls"));
    const { dataset, nextElementSibling: status } = bar;
    const { form } = field;
    let pending = 0;
    const take = async (files) => {
      let problem = "";
      const lines = [];
      pending++;
      status.textContent = dataset.adding;
      for (const file of files) {
        const body = new FormData();
        body.append("csrf_token", form.elements.csrf_token.value);
        body.append("picture", await smaller(file).catch(() => file), "picture");
        const shown = await page(dataset.pictures, { method: "POST", body }).catch(() => document.createElement("p"));
        const line = shown.querySelector("#added")?.value;
        if (line) lines.push(line);
        else problem = shown.querySelector("[role=alert] li, main h1")?.textContent ?? dataset.failed;
      }
      pending--;
      status.textContent = problem || dataset.say;
      if (!lines.length) return;
      append(field, `${lines.join("\n\n")}\n\n`, field.selectionEnd, 2); // between the first one's brackets
    };
    const chooser = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", multiple: true });
    bar.querySelector("[data-md=picture]").addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => take(chooser.files));
    const given = (event) => {
      const { files, types } = event.dataTransfer ?? event.clipboardData;
      if (!files[0]?.type.startsWith("image/") || types.includes("text/plain")) return; // a table is words, too
      event.preventDefault();
      take([...files]);
    };
    field.addEventListener("drop", given);
    field.addEventListener("paste", given);
    form.addEventListener("submit", (event) => {
      if (pending) event.preventDefault(); // it would not come along
    });
  }
}

/** A picture of fewer pixels; fails where the browser cannot read it. */
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const scale = LARGEST / Math.max(width, height);
  if (scale >= 1) return file;
  const canvas = new OffscreenCanvas(width * scale, height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await canvas.convertToBlob({ type: file.type, quality: 0.9 });
  return made.size < file.size ? made : file;
}
