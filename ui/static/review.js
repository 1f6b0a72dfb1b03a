// Checking answers: keys, marking a sentence, and the editor whose citations are exact lines. Without it the verdict can still be given.
"use strict";

(() => {
  const find = (query, within = document) => within.querySelector(query);
  const form = find("#review");
  const CHECK_AFTER_MS = 400;
  const KEEP_EVERY_MS = 4 * 60 * 1000; // a hold lasts 15 minutes
  const SENTENCE_END = /(?<=[.!?…][”"’)]*)\s+(?=[“"(]?[\p{Lu}\d])/u;

  function make(tag, text = "", values = {}) {
    const made = Object.assign(document.createElement(tag), values);
    if (text) made.textContent = text;
    return made;
  }

  // Keys. A button does the same in every case.
  const isTyping = (target) => target.closest("textarea, select, input:not([type=radio], [type=checkbox])") !== null;
  const wasEdited = () => form && ["correction", "note", "marked"].some((name) => form.elements[name].value !== form.elements[name].defaultValue);

  function leave(leaving) {
    if (!leaving || (wasEdited() && !window.confirm("Phần bạn vừa viết chưa được lưu. Bạn vẫn muốn rời câu này?"))) return;
    leaving.dataset.sure = "";
    leaving.requestSubmit(find("button", leaving));
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || find("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const verdict = form && find(`[data-key="${CSS.escape(event.key)}"]`, form);
    if (verdict) {
      verdict.click();
      verdict.focus();
    } else if (event.key === "n") leave(find("#next"));
    else if (event.key === "g") leave(find("#back"));
    else if (event.key === "?") find("#keys")?.showModal();
    else return;
    event.preventDefault();
  });
  find("#help")?.addEventListener("click", () => find("#keys").showModal());
  if (!form) return;

  for (const leaving of [find("#next"), find("#back")]) {
    leaving.addEventListener("submit", (event) => {
      if ("sure" in leaving.dataset) return;
      event.preventDefault();
      leave(leaving);
    });
  }
  if (window.matchMedia("(max-width: 40rem)").matches) { // the verdict would be far below them
    document.querySelectorAll(".passage[open]").forEach((passage) => { passage.open = false; });
  }

  let isSaving = false;
  form.addEventListener("submit", (event) => {
    if (isSaving) event.preventDefault(); // a second Ctrl+Enter would find the item gone
    isSaving = true;
  });
  window.addEventListener("pageshow", () => { isSaving = false; });

  const token = form.elements.token.value;
  const post = (address, values = {}) => fetch(address, { method: "POST", body: new URLSearchParams({ token, ...values }) });

  async function keep() {
    try {
      find("#lost").hidden = (await post(find("[data-keep]").dataset.keep)).status !== 409;
    } catch { /* no network just now: the hold outlasts several tries */ }
  }
  keep();
  setInterval(keep, KEEP_EVERY_MS);

  // Marking a sentence of the answer.
  const marked = form.elements.marked;
  const linesOf = (field) => field.value.split("\n").map((line) => line.trim()).filter(Boolean);

  function splitIntoSentences(block) {
    let sentence = null;
    for (const node of [...block.childNodes]) {
      if (node.nodeType !== Node.TEXT_NODE) {
        if (node.matches("strong, em, code") && sentence) sentence.append(node);
        else if (node.matches("strong, em, code")) block.insertBefore(sentence = newSentence(), node).append(node);
        else sentence = null;
        continue;
      }
      node.data.split(SENTENCE_END).forEach((piece, n) => {
        if (n) block.insertBefore(document.createTextNode(" "), node);
        if (n || !sentence) sentence = null;
        if (!piece.trim()) return;
        if (!sentence) block.insertBefore(sentence = newSentence(), node);
        sentence.append(piece.trimEnd());
      });
      node.data = "\u00a0".repeat(node.data.endsWith("\u00a0"));
    }
  }

  function newSentence() {
    const made = make("span", "", { className: "sentence", tabIndex: 0 });
    made.setAttribute("role", "button");
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  function showMarked() {
    const lines = new Set(linesOf(marked));
    for (const sentence of document.querySelectorAll(".sentence")) sentence.setAttribute("aria-pressed", lines.has(sentence.textContent.trim()));
  }

  function toggle(sentence) {
    const text = sentence.textContent.trim();
    const lines = linesOf(marked);
    marked.value = (lines.includes(text) ? lines.filter((line) => line !== text) : [...lines, text]).join("\n");
    showMarked();
  }

  document.querySelectorAll(".seen .text :is(p, li)").forEach((block) => { if (!find("p", block)) splitIntoSentences(block); });
  document.addEventListener("click", (event) => {
    const sentence = event.target.closest(".sentence");
    if (sentence) toggle(sentence);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" && !event.ctrlKey) || event.key === " ") {
      if (!event.target.matches(".sentence")) return;
      event.preventDefault();
      toggle(event.target);
    }
  });
  marked.addEventListener("input", showMarked);
  showMarked();
  document.querySelectorAll("a.mark").forEach((mark) => mark.addEventListener("click", () => {
    const source = document.getElementById(mark.getAttribute("href").slice(1));
    if (source) source.closest("details").open = true;
  }));

  // The editor: its citations live here and travel in a hidden field.
  const correction = form.elements.correction;
  let citations = [];

  function setCitations(rows) {
    citations = rows;
    form.elements.citations.value = JSON.stringify(rows.map(({ number, passage_id, digest, rows: at }) => ({ number, passage_id, digest, rows: at })));
    find("#citations").replaceChildren(...rows.map(citationItem));
    check();
  }

  function citationItem(row) {
    const item = make("li");
    const lines = make("ul");
    lines.append(...row.lines.map((line) => make("li", line)));
    const insert = make("button", `Chèn [${row.number}]`, { type: "button" });
    insert.addEventListener("click", () => insertMark(row.number));
    const remove = make("button", "Bỏ nguồn", { type: "button" });
    remove.setAttribute("aria-label", `Bỏ nguồn [${row.number}]`);
    remove.addEventListener("click", () => setCitations(citations.filter((other) => other !== row)));
    const buttons = make("p", "", { className: "row" });
    buttons.append(insert, remove);
    item.append(make("b", `[${row.number}] ${row.title}`), lines, buttons);
    return item;
  }

  function insertMark(number) {
    const [start, end, text] = [correction.selectionStart, correction.selectionEnd, correction.value];
    const gap = start > 0 && !/\s/.test(text[start - 1]) ? " " : "";
    correction.setRangeText(`${gap}[${number}]`, start, end, "end");
    correction.focus();
    check();
  }

  function cite(passage, at) {
    const same = citations.find((row) => row.passage_id === passage.passage_id && String(row.rows) === String(at));
    const number = same?.number ?? Math.max(0, ...citations.map((row) => row.number)) + 1;
    const lines = at.map((row) => passage.lines.find(([place]) => place === row)[1]);
    if (!same) setCitations([...citations, { number, passage_id: passage.passage_id, digest: passage.digest, title: passage.title, rows: at, lines }]);
    insertMark(number);
  }

  function resultItem(passage) {
    const box = make("section");
    box.append(make("h4", passage.title));
    for (const [place, text] of passage.lines) {
      const label = make("label");
      label.append(make("input", "", { type: "checkbox", value: place }), make("span", text));
      box.append(label);
    }
    const use = make("button", "Dùng các dòng đã chọn làm nguồn", { type: "button", disabled: true });
    const ticked = () => [...box.querySelectorAll("input:checked")].map((input) => Number(input.value));
    box.addEventListener("change", () => { use.disabled = !ticked().length; });
    use.addEventListener("click", () => {
      cite(passage, ticked());
      box.querySelectorAll("input").forEach((input) => { input.checked = false; });
      use.disabled = true;
    });
    box.append(use);
    return box;
  }

  function later(work) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(work, CHECK_AFTER_MS);
    };
  }

  let newestSearch = 0;
  async function search() {
    const words = find("#search").value.trim();
    const number = ++newestSearch;
    const results = find("#results");
    try {
      const reply = words ? await fetch(`${form.dataset.search}?q=${encodeURIComponent(words)}`) : null;
      if (reply && !reply.ok) throw new Error(reply.status);
      const passages = reply ? await reply.json() : [];
      if (number !== newestSearch) return;
      results.replaceChildren(...passages.map(resultItem));
      if (words && !passages.length) results.replaceChildren(make("p", "Không tìm thấy đoạn nào. Bạn thử từ khác nhé.", { className: "note" }));
    } catch {
      if (number === newestSearch) results.replaceChildren(make("p", "Chưa tìm được. Bạn kiểm tra mạng rồi thử lại nhé.", { className: "problem" }));
    }
  }

  function verdictOn(line) {
    return make("li", line.problem ? `“${line.text}”: ${line.problem}` : line.text, { className: line.problem ? "bad" : "good" });
  }

  let newestCheck = 0;
  async function checkNow() {
    const number = ++newestCheck;
    const shown = find("#checked");
    if (!correction.value.trim()) {
      shown.replaceChildren();
      return;
    }
    try {
      const reply = await post(form.dataset.check, { correction: correction.value, citations: form.elements.citations.value });
      if (!reply.ok) throw new Error(reply.status);
      const { lines, problems, notice } = await reply.json();
      if (number !== newestCheck) return;
      const rows = make("ul");
      rows.append(...lines.map(verdictOn), ...problems.map((problem) => make("li", problem, { className: "bad" })));
      const isGood = !problems.length && lines.every((line) => !line.problem);
      const parts = [make("b", isGood ? "Câu sửa khớp với nguồn." : "Còn chỗ chưa khớp với nguồn:"), rows];
      if (notice) parts.push(make("p", notice, { className: "note" }));
      shown.replaceChildren(...parts);
    } catch {
      if (number === newestCheck) shown.replaceChildren(make("p", "Chưa soát được câu sửa. Bạn kiểm tra mạng nhé.", { className: "note" }));
    }
  }
  const check = later(() => { checkNow(); showTicks(); });

  // What follows from a verdict is offered only where there is something to make of it.
  function showTicks() {
    find(".ticks").hidden = form.elements.verdict.value !== "right" && !correction.value.trim();
    const reasons = find(".reasons");
    reasons.disabled = reasons.hidden = form.elements.verdict.value === "right"; // what is hidden is not sent
  }

  correction.addEventListener("input", check);
  find("#search").addEventListener("input", later(search));
  find("#search").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey) event.preventDefault(); });
  find("#prefill").addEventListener("click", () => {
    if (correction.value.trim() && !window.confirm("Thay phần bạn đã viết bằng câu trả lời này?")) return;
    const { text, citations: rows } = JSON.parse(form.dataset.prefill);
    correction.value = text;
    setCitations(rows);
    correction.focus();
  });
  form.addEventListener("change", showTicks);
  setCitations(JSON.parse(form.dataset.citations));
  showTicks();
})();
