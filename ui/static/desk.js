// The evaluators' desk: follows the run under way, and opens a comparison.
"use strict";

const job = document.getElementById("job");

async function follow() {
  const response = await fetch("/danh-gia/viec");
  if (response.redirected || !response.ok) {
    location.reload();
    return;
  }
  const { name, done, total, state } = await response.json();
  if (state !== "running") {
    location.reload();
    return;
  }
  job.querySelector("[data-job=text]").textContent = `${name}: ${done}/${total} câu`;
  job.querySelector("progress").max = total;
  job.querySelector("progress").value = done;
  setTimeout(follow, 1000);
}

if (job && job.dataset.state === "running") setTimeout(follow, 1000);

document.querySelector("[data-compare]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  location.href = `/danh-gia/lan-chay/${form.get("b")}?so_voi=${form.get("a")}`;
});
