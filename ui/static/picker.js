// Picks what a text rests on: finds passages, adds the ticked lines as a numbered citation, puts its mark into the text, and shows
// what the text will look like and which lines no citation carries. See `picker` in parts.html.
"use strict";

const FIND = "/huong-dan-vien/tim", CHECK = "/huong-dan-vien/soat";
const MOST = 9, QUIET_MS = 600;
const UNREACHED = "Chưa tìm được. Bạn kiểm tra mạng rồi bấm lại nhé.";

function element(name, text = "", values = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, values);
}

for (const picker of document.querySelectorAll("[data-picker]")) {
  const part = (name) => picker.querySelector(`[data-part=${name}]`);
  const text = document.getElementById(picker.dataset.picker);
  const chosen = part("chosen");
  let waiting = 0, asked = 0;

  async function search() {
    const words = part("words").value.trim();
    if (!words) return;
    try {
      const reply = await fetch(`${FIND}?q=${encodeURIComponent(words)}`);
      if (!reply.ok || reply.redirected) throw new Error(reply.status);
      const passages = await reply.json();
      part("found").replaceChildren(...passages.map(hit));
      if (!passages.length) part("found").textContent = "Không thấy đoạn nào. Bạn thử từ khác nhé.";
    } catch {
      part("found").textContent = UNREACHED;
    }
  }

  function hit(passage) {
    const box = element("div", "", { className: "hit" });
    const rows = passage.lines.map((line) => {
      const row = element("label", "", { className: "row" });
      row.append(element("input", "", { type: "checkbox", value: line }), element("span", line));
      return row;
    });
    const button = element("button", "Trích các dòng đã chọn", { type: "button" });
    button.addEventListener("click", () => {
      const lines = [...box.querySelectorAll("input:checked")].map((tick) => tick.value);
      if (lines.length) choose(passage, lines);
      else box.querySelector("input").focus();
    });
    box.append(element("b", `${passage.title} – ${passage.heading}`), ...rows, element("small", passage.sources.join("; ")), element("br"), button);
    return box;
  }

  function choose(passage, lines) {
    if (chosen.children.length >= MOST) return;
    const row = element("li");
    const drop = element("button", "Bỏ", { type: "button" });
    drop.dataset.part = "drop";
    row.append(
      element("input", "", { type: "hidden", name: "cite", value: [passage.id, ...lines].join("\n") }),
      element("b", `${passage.title} – ${passage.heading}`), element("q", lines.join("\n")), " ", drop,
    );
    chosen.append(row);
    // The mark goes to the end of the line where the cursor is; in an empty text the lines themselves are a beginning.
    if (!text.value.trim()) text.value = lines.map((line) => `${line} [${chosen.children.length}]`).join("\n");
    else {
      const end = text.value.indexOf("\n", text.selectionEnd);
      const at = end < 0 ? text.value.length : end;
      text.setRangeText(` [${chosen.children.length}]`, at, at, "end");
    }
    part("found").replaceChildren();
    part("words").value = "";
    text.focus();
    check();
  }

  function drop(row) {
    const gone = [...chosen.children].indexOf(row) + 1;
    row.remove();
    [...chosen.children].forEach((other) => other.removeAttribute("value"));
    text.value = text.value.replace(/[ \t]*\[(\d+)\]/g, (mark, n) => (Number(n) === gone ? "" : ` [${n > gone ? n - 1 : n}]`));
    check();
  }

  async function check() {
    const number = ++asked;
    const form = new URLSearchParams({ token: text.form.token.value, text: text.value });
    for (const cite of chosen.querySelectorAll("input")) form.append("cite", cite.value);
    if (!text.value.trim()) return part("checked").replaceChildren();
    try {
      const reply = await fetch(CHECK, { method: "POST", body: form });
      if (!reply.ok || reply.redirected || number !== asked) return;
      show(await reply.json());
    } catch { /* the check is made again when the text is sent */ }
  }

  function show({ html, masked, lost }) {
    const seen = element("div", "", { className: "reply" });
    seen.innerHTML = html; // made by our own renderer, which escapes what was typed
    const said = [element("b", "Người học sẽ thấy:"), seen];
    if (masked) said.push(element("p", "Số điện thoại hoặc số giấy tờ đã được che."));
    for (const { line, lacks } of lost) said.push(element("p", `“${line}”: đoạn trích chưa có ${lacks}.`, { className: "problem" }));
    part("checked").replaceChildren(...said);
  }

  part("find").addEventListener("click", search);
  part("words").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    search();
  });
  chosen.addEventListener("click", (event) => {
    if (event.target.dataset.part === "drop") drop(event.target.closest("li"));
  });
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, QUIET_MS);
  });
  if (text.value.trim()) check();
}
