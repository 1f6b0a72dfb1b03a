// The chat page's behaviour. The server sends one turn; this file moves finished turns to the log, sends
// questions from buttons, keeps Enter from sending while a Telex word is being composed, and sends feedback.
// Nothing is stored in the browser. A question that the page's address brings behind "#hoi=" is asked and taken out of it.
(() => {
  const MAX_CHARS = 1000;
  const find = (selector, within = document) => within.querySelector(selector);
  const box = () => find("#box textarea, #box input");

  function ask(question) {
    const field = box();
    const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(field, question);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => find("#send").click(), 0);
  }

  // When the server replaces a turn, the one before goes to the log as the learner left it. Gradio may reuse
  // the elements, so a copy is kept.
  let kept = null;
  let cleared = null;
  let wiping = false;
  function keepTurns() {
    const turn = find("#current article.turn");
    if (turn && turn.id === cleared) return;
    if (kept && kept.id !== turn?.id) {
      find("#log").append(kept);
      kept = null;
    }
    const fresh = turn && turn.id !== keepTurns.seen;
    keepTurns.seen = turn?.id;
    if (turn?.dataset.answer) kept = turn.cloneNode(true);
    document.body.classList.toggle("talking", Boolean(turn) || find("#log").children.length > 0);
    // A growing answer is followed until its question is at the top; nobody who reads further down is pulled back.
    if (turn && (fresh || !turn.id) && turn.getBoundingClientRect().top > 0) turn.scrollIntoView({ block: "start" });
  }

  function count() {
    const used = [...box().value].length;
    const counter = find("#counter");
    if (!counter) return; // somebody types while the page is being drawn
    counter.textContent = used ? `${used.toLocaleString("vi-VN")}/${MAX_CHARS.toLocaleString("vi-VN")} chữ cái` : "";
    counter.classList.toggle("over", used > MAX_CHARS);
  }

  const answerText = (turn) =>
    [...turn.querySelectorAll(".answer > .text, .answer > .checked, .answer > .writer")].map((e) => e.innerText.trim()).join("\n\n");
  async function copy(text, button) {
    const before = button.textContent;
    button.textContent = (await window.copyText(text)) ? "Đã chép" : "Máy không cho chép";
    setTimeout(() => { button.textContent = before; }, 2000);
  }

  function print(turn) {
    const opened = [...turn.querySelectorAll("details:not([open])")];
    opened.forEach((d) => { d.open = true; });
    turn.classList.add("printing");
    document.body.classList.add("printing-one");
    window.print();
    turn.classList.remove("printing");
    document.body.classList.remove("printing-one");
    opened.forEach((d) => { d.open = false; });
  }

  async function sendFeedback(turn, helpful) {
    const form = find(".feedback", turn);
    const said = find(".said", form);
    const reasons = helpful ? [] : [...form.querySelectorAll("input:checked")].map((i) => i.value);
    const comment = helpful ? "" : find("textarea", form).value.trim();
    said.textContent = "Đang gửi…";
    try {
      const reply = await fetch("/feedback", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ answer_id: turn.dataset.answer, helpful, reasons, comment }),
      });
      if (!reply.ok) throw new Error(reply.status);
      said.textContent = "Cảm ơn bạn. Góp ý đã được lưu, bạn đổi ý thì bấm chọn lại.";
      find(".reasons", form).hidden = true;
    } catch {
      said.textContent = "Chưa gửi được góp ý. Bạn kiểm tra mạng rồi bấm lại giúp mình nhé.";
    }
  }

  const WAIT = "Đang gửi…";
  const UNSENT = "Chưa gửi được. Bạn kiểm tra mạng rồi bấm lại giúp mình nhé.";
  async function offerPlaces(box) {
    const select = find("select", box);
    if (!select || select.options.length > 1) return; // a kept copy opens, too
    try {
      const places = await (await fetch("/hoi-nguoi/dia-phuong")).json();
      if (select.options.length > 1) return;
      select.append(...places.map((place) => new Option(place.name, place.id)));
      find(".place", box).hidden = places.length === 0;
    } catch { /* the question goes out without a place */ }
  }

  async function handOver(box) {
    const form = find("form", box);
    const said = find(".said", form);
    const button = find("button", form);
    if (said.textContent === WAIT) return;
    said.textContent = WAIT;
    button.disabled = true;
    try {
      const reply = await fetch("/hoi-nguoi", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ answer_id: box.dataset.answerId, note: form.note.value.trim(), locality: form.locality.value }),
      });
      const { code, until, detail } = await reply.json();
      if (!reply.ok) {
        said.textContent = typeof detail === "string" ? detail : UNSENT;
        form.note.focus();
        return;
      }
      const given = find(".given", box);
      find(".code", given).textContent = code;
      find(".code", given).setAttribute("aria-label", [...code].join(" "));
      find(".until", given).textContent = until;
      form.remove();
      given.hidden = false;
      given.focus();
    } catch {
      said.textContent = UNSENT;
    } finally {
      button.disabled = false;
    }
  }

  function press(turn, helpful) {
    find("[data-do=helpful]", turn).setAttribute("aria-pressed", helpful);
    find("[data-do=unhelpful]", turn).setAttribute("aria-pressed", !helpful);
    find(".reasons", turn).hidden = helpful;
    if (helpful) sendFeedback(turn, true);
    else find(".reasons input", turn).focus();
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-ask], [data-do], a.mark, #clear");
    if (!target) return;
    const turn = target.closest("article.turn");
    if (target.matches("[data-ask]")) ask(target.dataset.ask || target.textContent.trim());
    else if (target.matches("a.mark")) {
      event.preventDefault();
      const source = document.getElementById(target.getAttribute("href").slice(1));
      source.closest("details").open = true;
      source.scrollIntoView({ block: "center", behavior: "smooth" });
      source.focus({ preventScroll: true });
    } else if (target.id === "clear") {
      if (!wiping && !window.confirm("Xóa hết cuộc trò chuyện này? Xóa rồi không lấy lại được.")) {
        event.stopImmediatePropagation();
        event.preventDefault();
        return;
      }
      cleared = kept?.id;
      kept = null;
      find("#log").replaceChildren();
    } else {
      const actions = {
        copy: () => copy(answerText(turn), target), "copy-code": () => copy(find(".code", target.closest(".given")).textContent, target),
        print: () => print(turn),
        helpful: () => press(turn, true), unhelpful: () => press(turn, false),
        reload: () => location.reload(),
      };
      actions[target.dataset.do]?.();
    }
  }, true);

  // The class is over (classmate.js): nothing stays on the page, and the server's copy of the conversation goes with #clear.
  document.addEventListener("wipe", () => {
    wiping = true;
    find("#log")?.replaceChildren();
    find("#current")?.querySelectorAll("article").forEach((turn) => turn.replaceChildren());
    find("#clear")?.click();
    if (box()) box().value = "";
    kept = null;
  });

  document.addEventListener("submit", (event) => {
    const turn = event.target.closest("article.turn");
    if (!turn) return;
    event.preventDefault();
    const box = event.target.closest(".hand-over");
    if (box) handOver(box);
    else sendFeedback(turn, false);
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".hand-over[open]")) offerPlaces(event.target);
  }, true);

  // While an input method composes a word, Enter ends the word; it must not send the question.
  for (const kind of ["keydown", "keypress"]) {
    document.addEventListener(kind, (event) => {
      if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
    }, true);
  }
  document.addEventListener("input", (event) => { if (event.target === box()) count(); }, true);

  // Gradio knows no Vietnamese: it sets its own language on the page, and its notices (which only ever say that
  // the server was not reached or is full) are English.
  const UNREACHED = "Chưa gửi được câu hỏi. Bạn kiểm tra mạng, đợi một chút rồi bấm Gửi lại nhé.";
  function speakVietnamese() {
    const root = document.documentElement;
    if (root.lang !== "vi") root.lang = "vi";
    for (const toast of document.querySelectorAll(".toast-body:not([data-own])")) {
      toast.dataset.own = "";
      const notice = document.createElement("p");
      notice.textContent = UNREACHED;
      toast.setAttribute("role", "alert");
      toast.replaceChildren(notice);
    }
  }
  new MutationObserver(speakVietnamese).observe(document.documentElement, {
    attributes: true, attributeFilter: ["lang"], childList: true, subtree: true,
  });
  speakVietnamese();

  function askFromAddress() {
    const question = new URLSearchParams(location.hash.slice(1)).get("hoi")?.trim();
    if (!question) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    ask(question);
  }

  // Gradio draws the page, as a rule after this file has run.
  const LATE_MS = 20_000;
  setTimeout(() => find("#opening .late[role]")?.removeAttribute("hidden"), LATE_MS);
  function draw() {
    if (!box() || !find("#send") || !find("#current") || !find("#log")) return;
    drawn.disconnect();
    find("#opening")?.remove();
    const step = find(".at-step");
    if (step) find("#log").before(step);
    const counter = document.createElement("p");
    counter.id = "counter";
    counter.setAttribute("aria-live", "polite");
    find("#asking").append(counter);
    // Gradio empties the box a moment after it has shown the turn.
    new MutationObserver(() => setTimeout(count, 100)).observe(find("#current"), { childList: true, subtree: true });
    new MutationObserver(keepTurns).observe(find("#current"), { childList: true, subtree: true, attributes: true });
    find("#current").setAttribute("aria-live", "polite");
    box().setAttribute("autocomplete", "off");
    count();
    askFromAddress();
  }
  const drawn = new MutationObserver(draw);
  drawn.observe(document.documentElement, { childList: true, subtree: true });
  draw();
})();
