// The trainer's wall and the projected code: follow the class every three seconds. What learners typed is only ever set as text.
"use strict";

const wall = document.getElementById("wall");
const EVERY_MS = 3000;
let tag = null;
let state = null;
let filter = "all";

const id = (name) => document.getElementById(name);

function made(tagName, text = "", attributes = {}) {
  const element = document.createElement(tagName);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function matches(question, wanted) {
  return wanted === "all" || question[wanted];
}

function card(question) {
  const flags = [
    [question.danger, "Có thể đang gặp nguy hiểm, bạn hỏi thăm nhé", "bad"], [question.declined, "Chưa trả lời được", "bad"],
    [question.unverified, "Chưa kiểm chứng", ""], [question.unhelpful, "Người học bảo chưa giúp được", "bad"],
  ];
  const item = made("li", "", { id: `hoi-${question.id}` });
  item.className = question.declined || question.danger ? "declined" : question.unverified ? "unverified" : "";
  const asked = made("p", "", { class: "asked" });
  asked.append(made("b", `Bạn ${question.number}`), ` hỏi: ${question.question}`);
  const after = made("p", "", { class: "after" });
  after.append(made("span", question.guide ? `${question.at} · ${question.guide} ` : `${question.at} `));
  for (const [on, text, look] of flags) if (on) after.append(made("span", text, { class: `chip ${look}` }));
  item.append(asked, after);
  return item;
}

function showQuestions() {
  const shown = state.questions.filter((question) => matches(question, filter));
  id("questions").replaceChildren(...shown.map(card));
  id("none").hidden = shown.length > 0;
  id("none").textContent = filter === "all" ? "Chưa có câu hỏi nào. Câu hỏi của lớp sẽ hiện ở đây." : "Không có câu hỏi nào như vậy.";
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.setAttribute("aria-pressed", button.dataset.filter === filter);
    button.querySelector("span").textContent = state.questions.filter((q) => matches(q, button.dataset.filter)).length;
  }
}

function mostAsked({ guide_id, title, n }) {
  const item = made("li");
  const does = made("div", "", { class: "does" });
  does.append(
    made("a", "Thẻ in A5", { class: "button", href: `/huong-dan/${guide_id}/the.pdf`, target: "_blank", rel: "noopener" }),
    made("button", "Chọn để gửi", { type: "button", "data-choose": guide_id }),
  );
  item.append(made("span", `${title} (${n} lượt hỏi)`), does);
  return item;
}

function showClass() {
  const { stuck, pushed, people, most_asked } = state;
  id("stuck").textContent = stuck.length ? `Đang bị kẹt: ${stuck.map((number) => `Bạn ${number}`).join(", ")}` : "Không ai bị kẹt.";
  id("stuck").classList.toggle("some", stuck.length > 0);
  const what = { practice: "phiếu luyện tập", steps: "các bước của", lesson: "bài học" }[pushed?.kind] ?? "hướng dẫn";
  id("pushed").textContent = pushed ? `Đã gửi ${what} “${pushed.title}”: ${pushed.done}/${people} người làm xong.` : "";
  id("most").replaceChildren(...most_asked.map(mostAsked));
  id("most-none").hidden = most_asked.length > 0;
}

async function follow() {
  try {
    const reply = await fetch(wall.dataset.state, { headers: tag ? { "If-None-Match": tag } : {} });
    if (reply.redirected || [401, 403, 404].includes(reply.status)) {
      location.replace(wall.dataset.list); // the class has ended, or the session has
      return;
    }
    if (reply.status === 200) {
      tag = reply.headers.get("ETag");
      state = await reply.json();
      id("people").textContent = state.people;
      if (id("questions")) { showClass(); showQuestions(); }
    }
    if (id("lost")) id("lost").hidden = reply.ok || reply.status === 304;
  } catch {
    if (id("lost")) id("lost").hidden = false;
  }
  setTimeout(follow, EVERY_MS);
}

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/đ/g, "d");

function findGuides(words) {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  for (const set of document.querySelectorAll(".guides fieldset")) {
    for (const label of set.querySelectorAll("label")) label.hidden = !wanted.every((word) => folded(`${label.textContent} ${set.firstChild.textContent}`).includes(word));
    set.hidden = !set.querySelector("label:not([hidden])");
  }
  document.querySelector(".guides .note").hidden = Boolean(document.querySelector(".guides fieldset:not([hidden])"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-filter], [data-choose]");
  if (!button) return;
  if (button.dataset.filter) {
    filter = button.dataset.filter;
    if (state) showQuestions();
    return;
  }
  id("find").value = "";
  findGuides("");
  const choice = document.querySelector(`input[name=guide_id][value="${CSS.escape(button.dataset.choose)}"]`);
  choice.checked = true;
  choice.focus();
});
id("find")?.addEventListener("input", (event) => findGuides(event.target.value));
id("find")?.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
follow();
