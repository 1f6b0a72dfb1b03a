// The list of lessons: where this learner stands, what to go on with, and what comes back today.
(() => {
  const box = document.querySelector("[data-mine]");
  const links = [...document.querySelectorAll("[data-lesson]")];
  const { label, lessons } = Progress.learner(); // read once: each reading parses what is stored
  const state = (link) => lessons[link.dataset.lesson];
  for (const link of links) {
    const at = state(link);
    const note = link.querySelector("small");
    if (at?.done) {
      link.classList.add("done");
      note.textContent = "✓ Đã học xong";
    } else if (at) note.textContent = "Đang học";
  }
  const link = (text, href, main) => Object.assign(document.createElement("a"), { textContent: text, href, className: main ? "act main" : "act" });
  const begun = links.filter(state);
  const due = Progress.due();
  if (!begun.length && !due.length) return;
  const said = document.createElement("p");
  const finished = begun.filter((one) => state(one).done).length;
  said.textContent = `${label} đã học xong ${finished} trên ${links.length} bài.`;
  box.append(said);
  const next = links.find((one) => !state(one)?.done);
  if (next) box.append(link(`Học tiếp: ${next.querySelector("span").textContent}`, next.href, true));
  if (due.length) box.append(link(`Ôn lại ${due.length} câu`, "/bai-hoc/on-lai"));
  box.hidden = false;
})();
