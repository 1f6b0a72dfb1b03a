// Reads the regions marked data-aloud, sentence by sentence, and shows which one it is at. The voice is a Vietnamese one of this
// device, else the server's where the page names one, else a Vietnamese one that the browser has online. Without any of these,
// nothing is shown. A sentence is a span.s, with data-say where it sounds otherwise than it is written; spans with one data-n are
// one sentence. A region without them is read by its blocks. Nothing is stored.
(() => {
  const MOST = 160; // letters said at once: Chromium's voices fall silent after 15 s, the server takes 600
  const SLOW = 0.75;
  const BLOCKS = "p, li, h1, h2, h3, h4, dt, dd, td, th, figcaption, blockquote";
  const UNSAID = "button, script, style, .mark, .visually-hidden, [hidden], [aria-hidden=true]";
  const UNREAD = "Chưa đọc được. Bạn thử lại sau nhé.";
  const speech = window.speechSynthesis;
  const server = document.querySelector('meta[name="server-voice"]')?.content;
  const ICON = '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M3 9v6h4l6 5V4L7 9z"/>' +
    '<path class="waves" d="M16 8q3 4 0 8M18.5 5.5q5.5 6.5 0 13"/></svg>';

  function voice() {
    const found = (speech?.getVoices() ?? []).filter((one) => /^vi(?![a-z])/i.test(one.lang));
    return found.find((one) => one.localService !== false) ?? (server ? null : found[0]) ?? null;
  }

  // One thing is said at a time. `quiet` ends it; whoever waits for it goes on.
  let quiet = () => {};
  let utterance = null; // kept, since Chromium forgets to tell the end of one that nobody holds

  const byBrowser = (text, rate) => new Promise((done, failed) => {
    const one = new SpeechSynthesisUtterance(text);
    utterance = one;
    let late = 0;
    const within = (milliseconds, then) => { clearTimeout(late); late = setTimeout(then, milliseconds); };
    const end = (settled) => () => {
      clearTimeout(late);
      one.onstart = one.onend = one.onerror = null;
      quiet = () => {};
      settled();
    };
    const cut = (settled) => () => { end(settled)(); speech.cancel(); };
    quiet = cut(done);
    Object.assign(one, { voice: voice(), lang: "vi-VN", rate, onend: end(done), onerror: end(failed) });
    one.onstart = () => within(4000 + (text.length * 180) / rate, cut(done)); // some voices never tell the end
    if (speech.speaking || speech.pending) { // whatever hangs there would keep this one waiting for ever
      speech.cancel();
      within(100, () => { within(6000, cut(failed)); speech.speak(one); });
    } else {
      within(6000, cut(failed));
      speech.speak(one);
    }
  });

  const audio = new Audio();
  const sounds = new Map(); // of this reading: text → promise of a sound's address
  function sound(text) {
    if (!sounds.has(text)) {
      const sent = { method: "POST", body: new URLSearchParams({ text }), signal: AbortSignal.timeout?.(20000) };
      sounds.set(text, fetch(server, sent).then(async (reply) => {
        if (!reply.ok) throw new Error(reply.status);
        return URL.createObjectURL(await reply.blob());
      }));
      sounds.get(text).catch(() => {}); // told when its turn comes
    }
    return sounds.get(text);
  }
  function forgetSounds() {
    sounds.forEach((address) => address.then(URL.revokeObjectURL, () => {}));
    sounds.clear();
  }
  const byServer = (text, rate, next) => new Promise((done, failed) => {
    let over = false;
    quiet = () => { over = true; audio.onended = audio.onerror = null; audio.pause(); done(); };
    sound(text).then((address) => {
      if (over) return undefined;
      if (next) sound(next);
      audio.src = address;
      audio.defaultPlaybackRate = audio.playbackRate = rate;
      Object.assign(audio, { onended: done, onerror: failed });
      return audio.play();
    }).catch(failed); // of no matter to a promise that is settled
  });

  function words(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(UNSAID).forEach((part) => part.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  const shown = (element) => element.checkVisibility?.() ?? element.getClientRects().length > 0; // what is folded away is not read

  // What is said of a region, in order: the elements to highlight, and the words.
  function sentences(region) {
    const spans = [...region.querySelectorAll("span.s")];
    if (!spans.length) {
      const blocks = [...region.querySelectorAll(BLOCKS)].filter((block) => !block.querySelector(BLOCKS));
      return (blocks.length ? blocks : [region]).filter(shown).map((block) => ({ marks: [block], text: words(block) }));
    }
    const found = [];
    for (const span of spans.filter(shown)) {
      const last = found.at(-1);
      if (last && span.dataset.n && last.n === span.dataset.n) {
        last.marks.push(span);
        last.text = last.say ?? `${last.text} ${words(span)}`;
      } else {
        found.push({ n: span.dataset.n, say: span.dataset.say, marks: [span], text: span.dataset.say ?? words(span) });
      }
    }
    return found;
  }

  // A text in pieces of at most MOST letters, cut after punctuation where there is some, else between words.
  function pieces(text) {
    const found = [];
    let left = text;
    while (left.length > MOST) {
      const head = left.slice(0, MOST);
      const mark = Math.max(...[", ", "; ", ": ", ". "].map((one) => head.lastIndexOf(one))) + 1;
      const cut = mark || Math.max(head.lastIndexOf(" "), 0) || MOST;
      found.push(left.slice(0, cut));
      left = left.slice(cut).trim();
    }
    return [...found, left].filter((piece) => /[\p{L}\p{N}]/u.test(piece));
  }

  let reading = null; // {region, button, again}; `again`: this sentence once more
  let slow = false;

  function end() {
    reading = null;
    quiet();
    forgetSounds();
  }

  function stop() {
    end();
    settle();
  }

  async function read(region, button) {
    stop();
    const mine = { region, button, again: false };
    reading = mine;
    settle();
    const parts = sentences(region).flatMap(({ marks, text }) => pieces(text).map((piece) => ({ marks, piece })));
    try {
      for (let at = 0; at < parts.length && reading === mine; at += mine.again ? 0 : 1) {
        mine.again = false;
        point(parts[at].marks);
        const say = voice() ? byBrowser : byServer;
        await say(parts[at].piece, slow ? SLOW : 1, parts[at + 1]?.piece);
      }
      if (reading === mine) stop();
    } catch {
      if (reading !== mine) return;
      stop();
      button.closest(".aloud").querySelector(".said").textContent = UNREAD;
    }
  }

  function point(marks) {
    document.querySelectorAll(".saying").forEach((old) => old.classList.remove("saying"));
    marks.forEach((mark) => mark.classList.add("saying"));
    const { top, bottom } = marks[0].getBoundingClientRect();
    const floor = window.innerHeight - (document.getElementById("asking")?.offsetHeight ?? 0); // the chat's box lies over the page
    if (top >= 0 && bottom <= floor) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    marks[0].scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  }

  // Every bar as it is now; the chat keeps copies of turns, also of one that is being read.
  function settle() {
    if (reading && !reading.region.isConnected) end();
    if (!reading) document.querySelectorAll(".saying").forEach((mark) => mark.classList.remove("saying"));
    for (const button of document.querySelectorAll(".aloud [data-aloud-do=read]")) {
      const on = reading?.button === button;
      if ((button.getAttribute("aria-pressed") === "true") !== on || !button.querySelector("span").textContent) label(button, on);
    }
  }

  function label(button, on) {
    const word = on ? "Dừng" : "Nghe";
    button.setAttribute("aria-pressed", on);
    button.querySelector("span").textContent = word;
    const heading = regionOf(button)?.querySelector("h1, h2, h3")?.textContent.trim();
    if (heading) button.setAttribute("aria-label", `${word}: ${heading}`);
    const pace = button.closest(".aloud").querySelector("[data-aloud-do=slow]");
    pace.hidden = !on;
    pace.setAttribute("aria-pressed", slow);
    button.closest(".aloud").querySelector(".said").textContent = "";
  }

  function regionOf(button) {
    const bar = button.closest(".aloud");
    return bar.nextElementSibling?.matches("[data-aloud]") ? bar.nextElementSibling : bar.closest("[data-aloud]");
  }

  // The bar stands after the heading that opens a region, else before the region; no live region tells that it has come.
  function furnish(region) {
    const heading = region.querySelector(":scope > :is(h1, h2, h3):first-child");
    const there = heading ? heading.nextElementSibling : region.previousElementSibling;
    if (there?.matches(".aloud") || !region.textContent.trim()) return;
    const bar = document.createElement("div");
    bar.className = "aloud";
    bar.setAttribute("aria-live", "off");
    bar.innerHTML = `<button type="button" data-aloud-do="read">${ICON}<span></span></button>` +
      '<button type="button" data-aloud-do="slow" hidden>Đọc chậm</button><span class="said" role="status"></span>';
    if (heading) heading.after(bar);
    else region.before(bar);
    label(bar.querySelector("[data-aloud-do=read]"), false);
  }

  function look() {
    if (voice() || server) document.querySelectorAll("[data-aloud]").forEach(furnish);
    settle();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-aloud-do]");
    if (!button) return;
    if (button.dataset.aloudDo === "slow") {
      slow = !slow;
      button.setAttribute("aria-pressed", slow);
      if (reading) reading.again = true;
      quiet();
    } else if (reading?.button === button) stop();
    else read(regionOf(button), button);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && reading) stop(); });
  window.addEventListener("pagehide", () => { if (reading) stop(); speech?.cancel(); });
  speech?.addEventListener?.("voiceschanged", look); // Chromium knows its voices only after a while
  new MutationObserver(look).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-aloud"],
  });
  look();
})();
