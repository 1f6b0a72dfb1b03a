// One lesson: what was read and answered goes to the learner's progress; the last card says how it went.
(() => {
  const deck = document.querySelector("[data-lesson]");
  const id = deck.dataset.lesson;
  const said = document.querySelector("[data-said]");
  const quiz = [...deck.querySelectorAll("[data-item]")];
  const KEY = `binhdan-the/bai/${id}/${Progress.learner().id}`;
  const chosen = new Map(kept()); // item → whether the first choice was right, until the lesson is done

  function kept() {
    try { return JSON.parse(localStorage.getItem(KEY)) ?? []; } catch { return []; }
  }

  function keep(rows) {
    try { rows.length ? localStorage.setItem(KEY, JSON.stringify(rows)) : localStorage.removeItem(KEY); } catch { /* this visit only */ }
  }

  deck.addEventListener("toggle", (event) => {
    const card = event.target.closest("[data-item]");
    if (!card || !event.target.open || !("right" in event.target.dataset)) return;
    const right = event.target.dataset.right === "true";
    said.textContent = right ? "Đúng rồi." : "Chưa đúng. Bạn đọc lời giải thích rồi chọn lại nhé.";
    if (chosen.has(card.dataset.item)) return;
    chosen.set(card.dataset.item, right);
    keep([...chosen]);
    Progress.answered(card.dataset.item, right);
  }, true);

  deck.addEventListener("card", (event) => {
    said.textContent = "";
    if (event.detail.index) Progress.sawCard(id, event.detail.index);
    if (event.target.id === "het-bai") conclude(event.target.querySelector("[data-result]"));
  });

  function made(tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }

  function conclude(box) {
    const open = quiz.filter((card) => !chosen.has(card.dataset.item));
    if (!open.length) {
      Progress.finished(id);
      keep([]);
    }
    const right = [...chosen.values()].filter(Boolean).length;
    const rows = [];
    if (chosen.size) rows.push(made("p", `Bạn trả lời đúng ngay ${right} trên ${chosen.size} câu.`));
    if (right < chosen.size) rows.push(made("p", "Câu chưa đúng sẽ quay lại vào ngày mai, ở mục Ôn lại trong trang Bài học."));
    if (open.length) {
      const list = made("p", "Còn câu chưa trả lời: ");
      for (const card of open) {
        const link = made("a", card.dataset.name);
        link.href = `#${card.id}`;
        list.append(link, " ");
      }
      rows.push(list, made("p", "Trả lời đủ các câu thì bài này được tính là học xong."));
    } else rows.push(made("p", "Bạn đã học xong bài này."));
    box.replaceChildren(...rows);
  }
})();
