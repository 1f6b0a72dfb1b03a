// Answers that were wrong, when they come back: each is taken from its lesson's page, which was kept when it was read.
(() => {
  const deck = document.querySelector("[data-again]");
  const said = document.querySelector("[data-said]");
  const waiting = Progress.due();
  const pages = new Map();
  let right = 0;
  let asked = 0;

  async function cardOf(item) {
    const lesson = item.split("#")[0];
    if (!pages.has(lesson)) {
      const path = `/bai-hoc/${encodeURIComponent(lesson)}`;
      const reply = await fetch(path).catch(async (error) => {
        const copy = await window.caches?.match(path, { ignoreSearch: true, ignoreVary: true });
        if (!copy) throw error;
        return copy;
      });
      if (!reply.ok && reply.status !== 404) throw new Error(reply.status);
      pages.set(lesson, new DOMParser().parseFromString(reply.ok ? await reply.text() : "", "text/html"));
    }
    return pages.get(lesson).querySelector(`[data-item="${CSS.escape(item)}"]`);
  }

  function end() {
    deck.replaceChildren();
    said.textContent = asked ? `Bạn nhớ đúng ${right} trên ${asked} câu. Hôm nay hết câu cần ôn rồi.` : "Hôm nay không có câu nào cần ôn. Bạn học bài mới nhé.";
  }

  async function next() {
    const item = waiting.shift();
    if (!item) return end();
    said.textContent = "Đang mở câu hỏi…";
    let card;
    try {
      card = await cardOf(item);
    } catch {
      said.textContent = "Chưa mở được câu hỏi này vì không có mạng. Bạn thử lại sau nhé, câu hỏi vẫn còn.";
      return waiting.length ? next() : undefined;
    }
    if (!card) { // the lesson has changed
      Progress.drop(item);
      return next();
    }
    said.textContent = "";
    card = document.importNode(card, true);
    card.querySelector(".turn-card")?.remove();
    const on = Object.assign(document.createElement("button"), { type: "button", className: "main", textContent: waiting.length ? "Câu tiếp theo" : "Xong", hidden: true });
    on.addEventListener("click", next);
    card.append(on);
    let first = true;
    card.addEventListener("toggle", (event) => {
      if (!event.target.open || !("right" in event.target.dataset)) return;
      const good = event.target.dataset.right === "true";
      said.textContent = good ? "Đúng rồi." : "Chưa đúng. Ngày mai câu này quay lại.";
      if (!first) return;
      first = false;
      asked += 1;
      right += good;
      Progress.answered(item, good);
      on.hidden = false;
    }, true);
    deck.replaceChildren(card);
    card.querySelector("h2").focus();
  }
  next();
})();
