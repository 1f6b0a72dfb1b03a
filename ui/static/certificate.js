// Offers the stages of which every lesson is done, and sends their ids with the name; nothing else leaves the device.
(() => {
  const form = document.querySelector("[data-certificate]");
  const said = form.querySelector("[data-said]");
  const done = (ids) => ids.filter((id) => Progress.lesson(id).done);
  const stages = [...form.querySelectorAll("[data-lessons]")].map((choice) => ({ choice, ids: choice.dataset.lessons.split(" ") }));
  for (const { choice, ids } of stages) {
    const count = done(ids).length;
    choice.disabled = count < ids.length;
    choice.parentElement.querySelector("small").textContent = choice.disabled ? `đã học ${count} trên ${ids.length} bài` : `✓ đủ ${ids.length} bài`;
  }
  const ready = stages.find(({ choice }) => !choice.disabled);
  if (ready) ready.choice.checked = true;
  else said.textContent = "Bạn chưa học đủ bài của chặng nào. Học xong rồi quay lại đây nhé.";
  form.querySelector("button").disabled = !ready;
  form.addEventListener("submit", (event) => {
    form.done.value = stages.flatMap(({ ids }) => done(ids)).join(" ");
    said.textContent = navigator.onLine ? "" : "Tải giấy cần có mạng. Bạn nối mạng rồi bấm lại nhé.";
    if (!navigator.onLine) event.preventDefault();
  });
})();
