// A deck of cards: one at a time. Back and Next are links to the cards, so that the browser's own Back works and a reload stays; where
// the learner stopped is kept on this device for the next visit.
(() => {
  const deck = document.querySelector("[data-deck]");
  if (!deck) return;
  const cards = [...deck.querySelectorAll(":scope > .card")];
  const KEY = `binhdan-the/${deck.dataset.deck}`;
  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => {
    try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch { /* no storage: this visit only */ }
  };
  const named = (id) => cards.find((card) => card.id === id);

  const where = document.createElement("div");
  where.className = "where";
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Bạn đã đi được");
  const words = document.createElement("span");
  where.append(bar, words);
  deck.before(where);

  function show(card, moved) {
    for (const other of cards) other.hidden = other !== card;
    const run = cards.filter((other) => other.dataset.run === card.dataset.run);
    bar.max = run.length;
    bar.value = run.indexOf(card) + 1;
    words.textContent = card.dataset.name;
    where.hidden = run.length < 2;
    if (moved) {
      keep(KEY, card === cards[0] || "end" in card.dataset ? null : card.id);
      document.querySelector(".resume")?.remove();
      where.scrollIntoView({ block: "start" });
      card.querySelector("h2").focus({ preventScroll: true });
    }
    card.dispatchEvent(new CustomEvent("card", { bubbles: true, detail: { index: cards.indexOf(card) } }));
  }

  function offer(card) {
    const box = document.createElement("div");
    box.className = "resume";
    const said = document.createElement("p");
    said.textContent = `Lần trước bạn dừng ở “${card.dataset.name}”.`;
    const on = document.createElement("a");
    on.href = `#${card.id}`;
    on.className = "act main";
    on.textContent = "Học tiếp từ đó";
    if (deck.dataset.deck.startsWith("buoc/")) on.textContent = "Làm tiếp từ đó";
    const again = document.createElement("button");
    again.type = "button";
    again.className = "act";
    again.textContent = "Từ đầu";
    again.addEventListener("click", () => { keep(KEY, null); box.remove(); cards[0].querySelector("h2").focus(); });
    box.append(said, on, " ", again);
    where.before(box);
  }

  // What is ticked stays ticked.
  const boxes = [...deck.querySelectorAll("[data-kept] input[type=checkbox]")];
  const ticked = new Set((kept(`${KEY}/co`) ?? "").split(","));
  boxes.forEach((box, number) => { box.checked = ticked.has(String(number)); });
  deck.addEventListener("change", () => keep(`${KEY}/co`, boxes.flatMap((box, number) => (box.checked ? [number] : [])).join(",") || null));

  window.addEventListener("hashchange", () => {
    const card = location.hash ? named(location.hash.slice(1)) : cards[0];
    if (card) show(card, true);
  });
  const now = named(location.hash.slice(1));
  const stopped = named(kept(KEY));
  show(now ?? cards[0], false);
  if (!now && stopped) offer(stopped);
})();
