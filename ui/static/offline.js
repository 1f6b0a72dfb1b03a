// Brings the worker that keeps pages, says when a page is a kept copy, and when the network goes and comes back. Stores nothing itself.
(() => {
  const OLD_DAYS = 30; // what a guide says may have ended since
  const SETTLED_MS = 2000; // a network that flickers is not told
  const DAY_MS = 24 * 3600 * 1000;
  const kept = document.documentElement.dataset.kept;

  const note = document.createElement("p");
  note.className = "network";
  note.setAttribute("role", "status");
  document.querySelector(".site")?.after(note);
  if (!note.isConnected) document.body.prepend(note);

  function ofCopy() {
    if (!kept) return "";
    const day = kept.split("-").reverse().join("/");
    const old = Date.now() - Date.parse(kept) > OLD_DAYS * DAY_MS;
    return `Bạn đang xem bản lưu ngày ${day}. Khi có mạng, bạn mở lại để xem bản mới.${
      old ? ` Bản này lưu đã hơn ${OLD_DAYS} ngày, lệ phí và cách làm có thể đã đổi. Bạn hỏi lại nơi làm trước khi đi.` : ""}`;
  }

  let waiting = 0;
  let told = navigator.onLine;
  function networkChanged() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (told === navigator.onLine) return;
      told = navigator.onLine;
      if (kept && !told) return; // it says so already
      note.textContent = told ? "Đã có mạng lại." : "Đang mất mạng. Trang này bạn vẫn đọc được.";
      if (told) setTimeout(() => { note.textContent = ofCopy(); }, 3 * SETTLED_MS);
    }, SETTLED_MS);
  }

  setTimeout(() => { note.textContent = ofCopy(); }, 0); // after the status is there, so that it is read out
  window.addEventListener("online", networkChanged);
  window.addEventListener("offline", networkChanged);
  // After the page: on a slow network nothing may come before it.
  window.addEventListener("load", () => { navigator.serviceWorker?.register("/sw.js").catch(() => {}); }); // refused: no copies
})();
