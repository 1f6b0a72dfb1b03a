// One practice scene at a time, what was chosen first, and the check of the form. Kept for this tab alone: the scene and the choices,
// never what is typed. Nothing leaves the page; without this script it is a page to read.
(() => {
  const root = document.querySelector(".practice");
  if (!root) return;
  const scenes = [...root.querySelectorAll(".scene")];
  const end = root.querySelector(".end");
  const steps = root.querySelector(".steps");
  const goal = document.querySelector(".goal");
  const said = root.querySelector(".said");
  const KEY = `binhdan-luyen-tap-${root.dataset.screen}`;
  const start = () => ({ scenes: scenes.length, at: 0, first: {}, open: {} });
  let state = start(); // first: scene → was the first try right; open: scene → number of the open choice

  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (kept?.scenes === scenes.length) state = kept;
  } catch { /* no storage: from the beginning */ }

  function keep() {
    try { sessionStorage.setItem(KEY, JSON.stringify(state)); } catch { /* this visit only */ }
  }

  function show(at, focus = true) {
    state.at = Math.max(0, Math.min(at, scenes.length));
    keep();
    said.textContent = "";
    scenes.forEach((scene, n) => { scene.hidden = n !== state.at; });
    goal.hidden = state.at > 0;
    end.hidden = state.at < scenes.length;
    steps.hidden = !end.hidden;
    steps.querySelector("[data-do=back]").hidden = state.at === 0;
    steps.querySelector("[data-do=next] span").textContent = state.at === scenes.length - 1 ? "Kết quả" : "Tiếp";
    if (!end.hidden) tell();
    if (focus) (scenes[state.at] ?? end).querySelector("h2").focus();
  }

  function tell() {
    const right = scenes.filter((scene) => state.first[scene.id] === true).length;
    const others = scenes.filter((scene) => state.first[scene.id] !== true);
    const after = others.length ? "Bạn có thể xem lại những cảnh này:" : "Bạn làm rất tốt!";
    end.querySelector(".result").textContent = `Bạn chọn đúng ngay ${right} trên ${scenes.length} lần. ${after}`;
    end.querySelector(".again").replaceChildren(...others.map((scene) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.textContent = scene.querySelector("h2").lastChild.textContent.trim();
      button.dataset.scene = scenes.indexOf(scene);
      const row = document.createElement("li");
      row.append(button);
      return row;
    }));
  }

  function again() {
    state = start();
    for (const choice of root.querySelectorAll("details[open]")) choice.open = false;
    for (const form of root.querySelectorAll("form")) { form.reset(); mark(form, []); form.querySelector(".done").hidden = true; }
    show(0);
  }

  function choose(choice) {
    const scene = choice.closest(".scene");
    const choices = [...scene.querySelectorAll(".choice")];
    const number = choices.indexOf(choice);
    if (!choice.open) {
      if (state.open[scene.id] === number) delete state.open[scene.id];
    } else if (state.open[scene.id] !== number) {
      state.open[scene.id] = number;
      state.first[scene.id] ??= choice.classList.contains("right");
      for (const other of choices) if (other !== choice) other.open = false;
      said.textContent = choice.querySelector(".why p").textContent.trim();
    }
    keep();
  }

  const bare = (text) => text.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const unmarked = (text) => bare(text).normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
  const READ = {
    text: bare,
    digits: (text) => text.replace(/\D/g, ""),
    day: (text) => (text.match(/\d+/g) ?? []).map(Number).join("/"),
  };

  /** Return what is wrong with an entry, "" where nothing is. */
  function wrong(input) {
    const { check, right, message } = input.dataset;
    const [typed, wanted] = [READ[check](input.value), READ[check](right)];
    if (!input.value.trim()) return "Ô này còn trống. Bạn nhìn giấy tờ rồi điền vào.";
    if (typed === wanted) return "";
    if (check === "text" && unmarked(input.value) === unmarked(right)) return "Chữ đúng rồi, chỉ còn thiếu dấu. Bạn gõ thêm dấu nhé.";
    const counted = check === "digits" && typed.length !== wanted.length;
    return counted ? `${message} Trên giấy có ${wanted.length} chữ số, bạn gõ ${typed.length}.` : message;
  }

  /** Show the problems, a list of [input, message], at their fields and above the form. */
  function mark(form, problems) {
    const told = new Map(problems);
    for (const input of form.querySelectorAll("input")) {
      const error = document.getElementById(`${input.id}-sai`);
      error.textContent = told.get(input) ?? "";
      error.hidden = !told.has(input);
      input.setAttribute("aria-invalid", told.has(input));
      input.setAttribute("aria-describedby", `${input.id}-giup${told.has(input) ? ` ${error.id}` : ""}`);
    }
    const summary = form.querySelector(".errors");
    summary.hidden = !problems.length;
    summary.querySelector("p").textContent = `Còn ${problems.length} ô cần sửa:`;
    summary.querySelector("ul").replaceChildren(...problems.map(([input]) => {
      const link = Object.assign(document.createElement("a"), { href: `#${input.id}`, textContent: input.labels[0].textContent });
      const row = document.createElement("li");
      row.append(link);
      return row;
    }));
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const problems = [...form.querySelectorAll("input")].map((input) => [input, wrong(input)]).filter(([, told]) => told);
    mark(form, problems);
    const done = form.querySelector(".done");
    done.hidden = problems.length > 0;
    state.first[form.closest(".scene").id] ??= !problems.length;
    keep();
    if (problems.length) form.querySelector(".errors").focus();
    else said.textContent = done.textContent.trim();
  });

  root.addEventListener("toggle", (event) => { if (event.target.matches(".choice")) choose(event.target); }, true);
  root.addEventListener("click", (event) => {
    const link = event.target.closest(".errors a");
    if (link) { event.preventDefault(); root.querySelector(link.hash).focus(); }
    const button = event.target.closest("button");
    if (button?.dataset.do === "next") show(state.at + 1);
    if (button?.dataset.do === "back") show(state.at - 1);
    if (button?.dataset.do === "again") again();
    if (button?.dataset.scene) show(Number(button.dataset.scene));
  });

  for (const hidden of root.querySelectorAll(".scripted")) hidden.hidden = false;
  for (const shown of root.querySelectorAll(".unscripted")) shown.hidden = true;
  for (const [id, number] of Object.entries(state.open)) {
    const choice = document.getElementById(id)?.querySelectorAll(".choice")[number];
    if (choice) choice.open = true;
  }
  show(state.at, false);
})();
