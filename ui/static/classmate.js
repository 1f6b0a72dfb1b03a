// The chat page of a learner in a class: a bar with the number, what the trainer put before all, and the end, after which nothing
// of the class is left on the page. Outside of a class this asks once and is done.
(() => {
  const EVERY_MS = 5000;
  const KINDS = {
    guide: ["Hướng dẫn", "/huong-dan/", ""], steps: ["Làm từng bước", "/huong-dan/", "/tung-buoc"],
    practice: ["Phiếu luyện tập", "/huong-dan/", "/luyen-tap"], lesson: ["Bài học", "/bai-hoc/", ""],
  };
  let bar = null;
  let shown = "";

  function made(tag, text = "", attributes = {}) {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  const send = (path, values = {}) => fetch(path, { method: "POST", body: new URLSearchParams(values) });

  function button(text, does, attributes = {}) {
    const element = made("button", text, { type: "button", ...attributes });
    element.addEventListener("click", async () => {
      element.disabled = true;
      try { await does(); } catch { element.disabled = false; }
    });
    return element;
  }

  function over(sentence) {
    document.dispatchEvent(new CustomEvent("wipe")); // chat.js forgets what was said
    document.body.classList.add("class-over");
    const box = made("section", "", { id: "class-over", role: "alert" });
    box.append(made("p", sentence), button("Bắt đầu lại", () => location.replace("/hoi-dap")));
    bar?.remove();
    document.body.prepend(box);
    document.title = "Bình dân học AI";
    window.scrollTo(0, 0);
    box.querySelector("button").focus();
  }

  async function leave() {
    if (!window.confirm("Rời lớp? Cuộc trò chuyện trên máy này sẽ được xóa.")) throw new Error("stays");
    await send("/lop/roi");
    over("Bạn đã rời lớp. Cuộc trò chuyện trên máy này đã được xóa.");
    bar = null;
  }

  function pushedCard({ kind, guide_id, title, done }) {
    const [name, before, after] = KINDS[kind];
    const card = made("div", "", { class: "pushed", role: "status" });
    const does = made("div", "", { class: "does" });
    does.append(made("a", "Mở", { class: "open", href: `${before}${encodeURIComponent(guide_id)}${after}`, target: "_blank", rel: "noopener" }));
    does.append(done ? made("span", "✓ Bạn đã làm xong") : button("Tôi làm xong", async () => { await send("/lop/xong", { guide_id }); await look(); }));
    card.append(made("p", `Người hướng dẫn gửi cả lớp. ${name}: ${title}`), does);
    return card;
  }

  function show({ title, number, stuck, pushed }) {
    bar ??= made("section", "", { id: "class-bar", "aria-label": "Lớp học" });
    const line = made("div", "", { class: "line" });
    line.append(
      made("b", `${title} · Bạn ${number}`),
      button(stuck ? "Tôi hết kẹt rồi" : "Tôi bị kẹt", async () => { await send("/lop/ket", { on: stuck ? "0" : "1" }); await look(); }, { "aria-pressed": stuck, class: "stuck" }),
      button("Rời lớp", leave),
    );
    const had = bar.contains(document.activeElement) ? document.activeElement.className : "";
    bar.replaceChildren(line, ...(stuck ? [made("p", "Người hướng dẫn đã thấy bạn cần giúp.", { role: "status", class: "visually-hidden" })] : []), ...(pushed ? [pushedCard(pushed)] : []));
    if (!bar.isConnected) document.body.prepend(bar);
    if (had) bar.querySelector(`button.${CSS.escape(had)}`)?.focus();
  }

  // Tells whether the browser is (still) in a class.
  async function look() {
    const reply = await fetch("/lop/toi");
    const state = reply.status === 200 ? await reply.json() : null;
    if (state && !state.ended) {
      if (JSON.stringify(state) !== shown) show(state);
      shown = JSON.stringify(state);
      return true;
    }
    if (state || bar) over("Lớp đã kết thúc, câu hỏi và câu trả lời trong lớp đã được xóa hết.");
    return false;
  }

  async function follow() {
    let goes_on = true;
    try { goes_on = await look(); } catch { goes_on = bar !== null; } // no network: asked again
    if (goes_on && !document.body.classList.contains("class-over")) setTimeout(follow, EVERY_MS);
  }
  follow();
})();
