// The page of progress: who learns on this device, the phrase that keeps it, and the form that takes a phrase. All that it knows is
// asked of Progress.
(() => {
  const find = (selector) => document.querySelector(selector);
  const NOTHING_YET = "Bạn chưa học bài nào nên chưa có gì để giữ. Bạn học một bài rồi quay lại nhé.";
  const NO_WORDS = "Bạn gõ ba từ đã ghi ra giấy vào ô trên nhé.";
  const NO_NAME = "Bạn gõ tên vào ô trên nhé, ví dụ: Bà Sáu.";
  let shown = null; // whose phrase stands on the page: {id, phrase}
  let undo = null;

  function say(section, sentence, problem = false) {
    for (const other of document.querySelectorAll(".said")) other.textContent = "";
    const line = find(`${section} .said`);
    line.textContent = sentence;
    line.classList.toggle("problem", problem);
  }

  // Runs what a button asks for; a refusal is told in its own sentence.
  async function does(section, button, act) {
    button.disabled = true;
    try {
      await act();
    } catch (refusal) {
      say(section, refusal.message, true);
    } finally {
      button.disabled = false;
    }
  }

  function made(tag, text, attributes = {}) {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  function personRow({ id, label, current }) {
    const row = made("li", "");
    row.append(made("b", label));
    const choose = made("button", "Chọn", { type: "button", class: "act", "aria-label": `Chọn ${label}` });
    choose.addEventListener("click", () => {
      Progress.switchTo(id);
      say("#family", `Đang học: ${label}.`);
      find(".people .chosen").focus();
    });
    const remove = made("button", "Bỏ", { type: "button", class: "act", "aria-label": `Bỏ ${label} khỏi máy này` });
    remove.addEventListener("click", () => {
      undo = Progress.removeLearner(id);
      find("#removed span").textContent = `Đã bỏ ${label} khỏi máy này.`;
      find("#removed").hidden = false;
      find("#removed button").focus();
    });
    row.append(current ? made("span", "✓ đang học", { class: "chosen", tabindex: "-1" }) : choose, remove);
    return row;
  }

  function draw() {
    const { id, label, phrase, lessons } = Progress.learner();
    const done = Object.values(lessons).filter((row) => row.done).length;
    const due = Progress.due().length;
    if (shown?.id !== id || shown.phrase !== phrase) shown = null;
    find("#who").textContent = label;
    find("#learnt").textContent = `${done ? `Đã học xong ${done} bài.` : "Chưa học xong bài nào."}${due ? ` Có ${due} câu cần ôn lại.` : ""}`;
    find("#review").hidden = !due;
    find("#class").hidden = !Progress.className();
    find("#class").textContent = `${Progress.className()}: tiến độ được giữ đến hết lớp. Lớp kết thúc thì tiến độ trên máy này cũng được xóa. Muốn học tiếp ở nhà, bạn bấm “Giữ tiến độ” trước khi lớp kết thúc.`;
    find("#not-kept").hidden = Boolean(phrase);
    find("#phrase").hidden = !shown;
    find("#kept").hidden = !phrase || Boolean(shown);
    find(".people").replaceChildren(...Progress.learners().map(personRow));
    find("#progress").hidden = false;
  }

  async function take() {
    const { id, label, lessons, items } = Progress.learner();
    if (!Object.keys(lessons).length && !Object.keys(items).length) return say("#keep", NOTHING_YET, true);
    const phrase = await Progress.keep();
    shown = { id, phrase };
    find("#whose").textContent = label;
    find(".words").replaceChildren(...phrase.split(", ").map((word) => made("li", word)));
    say("#keep", "");
    draw();
    find("#phrase").focus();
  }

  async function copy() {
    if (await window.copyText(shown.phrase)) return say("#keep", "Đã chép ba từ.");
    window.getSelection().selectAllChildren(find(".words")); // where a page may not copy, a long press does
    say("#keep", "Bạn nhấn giữ vào ba từ rồi chọn Sao chép nhé.");
  }

  function print() {
    document.body.classList.add("printing-phrase");
    window.print();
    document.body.classList.remove("printing-phrase");
  }

  async function open() {
    const typed = find("#typed").value.trim();
    if (!typed) return say("#open", NO_WORDS, true);
    await Progress.open(typed);
    find("#typed").value = "";
    const done = Object.values(Progress.learner().lessons).filter((row) => row.done).length;
    say("#open", `Đã lấy lại tiến độ: ${done} bài đã học xong. Bạn bấm “Học tiếp” ở đầu trang nhé.`);
  }

  function name(field, act, sentence) {
    const typed = find(field).value.trim();
    if (!typed) return say("#family", NO_NAME, true);
    act(typed);
    find(field).value = "";
    say("#family", sentence(typed));
  }

  const onClick = (selector, section, act) =>
    find(selector).addEventListener("click", ({ currentTarget }) => does(section, currentTarget, act));
  function onSubmit(form, section, act) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      does(section, form.querySelector("button"), act);
    });
  }

  onClick("#take", "#keep", take);
  onClick("#copy", "#keep", copy);
  onClick("#print", "#keep", print);
  onClick("#written", "#keep", () => { shown = null; draw(); say("#keep", "Bạn cất tờ giấy nơi dễ tìm nhé."); });
  onClick("#forget", "#keep", async () => { await Progress.forget(); say("#keep", "Đã xóa trên máy chủ. Ba từ cũ không dùng được nữa."); });
  onClick("#removed button", "#family", () => { undo(); find("#removed").hidden = true; });
  onSubmit(find("#open form"), "#open", open);
  const [adding, renaming] = document.querySelectorAll("#family form");
  onSubmit(adding, "#family", () => name("#name", Progress.addLearner, (typed) => `Đã thêm. Đang học: ${typed}.`));
  onSubmit(renaming, "#family", () =>
    name("#renamed", (typed) => Progress.rename(Progress.learner().id, typed), (typed) => `Đã đổi tên. Đang học: ${typed}.`));
  document.addEventListener("progress", draw);
  draw();
})();
