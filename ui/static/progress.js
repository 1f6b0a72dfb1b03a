// A learner's progress in the browser: its one home, for every page that teaches. All of it works offline; what a learner wants
// kept elsewhere too, under a phrase or in a class, is sent when there is a network. Family names never leave the device.
//
// Stored as {current, learners: {id: {name, phrase?, unsaved?, lessons: {id: {card, done}}, items: {"lesson#n": {box, due, right,
// wrong}}}}, inClass?}: `inClass` is the learner who sits in the class that this browser has joined. Days are "2026-11-28".
const Progress = (() => {
  const KEY = "binhdan-hoc";
  const HERE = "/bai-hoc/tien-do";
  const BOX_DAYS = [1, 3, 7, 21]; // until a question of box 1, 2, 3, 4 comes back
  const LEARNT = "9999-12-31"; // due day of what has left box 4; it stays, or an older state would bring the question back
  const SOON_MS = 2000, RETRY_MS = 30_000, LAST_RETRY_MS = 600_000;
  const LESSON = /^[a-z0-9]+(-[a-z0-9]+)*$/, ITEM = /^[a-z0-9]+(-[a-z0-9]+)*#[1-9][0-9]?$/, DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
  const NOT_KEPT = "Trình duyệt này không cho lưu. Tiến độ chỉ còn đến khi bạn đóng trang.";
  const BROKEN = "Tiến độ cũ trên máy này bị hỏng, không đọc được. Bạn có ba từ thì gõ vào trang Tiến độ để lấy lại.";
  const OFFLINE = "Chưa có mạng. Tiến độ vẫn còn trên máy này, bạn thử lại khi có mạng nhé.";
  const LATER = "Máy chủ chưa làm được. Tiến độ vẫn còn trên máy này, bạn đợi ít phút rồi thử lại nhé.";

  let fallback = null; // what would be stored, where the browser stores nothing
  let problem = "";
  let className = "";

  class Refusal extends Error {
    constructor(status, sentence) {
      super(sentence);
      this.status = status; // 0: no network
    }
  }

  function tell(sentence) {
    if (problem) return;
    problem = sentence;
    const line = document.createElement("p");
    line.className = "problem";
    line.setAttribute("role", "status");
    line.textContent = sentence;
    document.querySelector("main")?.prepend(line);
  }

  // ---- what is stored

  const newcomer = (name) => ({ name, lessons: {}, items: {} });
  const blank = () => ({ current: "1", learners: { 1: newcomer("") } });
  const mine = (all) => all.learners[all.current];
  const isNew = (row) => JSON.stringify(row) === JSON.stringify(newcomer(""));
  const stateOf = ({ lessons, items }) => ({ lessons, items });
  const whole = (n, from, to) => Number.isInteger(n) && n >= from && n <= to;
  const lessonFits = ([id, row]) => LESSON.test(id) && whole(row?.card, 0, 99) && (row.done === null || DAY.test(row.done));
  const itemFits = ([id, row]) =>
    ITEM.test(id) && whole(row?.box, 1, 4) && DAY.test(row.due) && whole(row.right, 0, 9999) && whole(row.wrong, 0, 9999);
  const only = (rows, fits) => Object.fromEntries(Object.entries(rows ?? {}).filter(fits));

  // What no page of ours wrote is left out: one bad row would make the server refuse all others.
  function sound({ current, learners, inClass }) {
    const kept = {};
    for (const [id, { name, phrase, unsaved, lessons, items }] of Object.entries(learners)) {
      if (!/^\d+$/.test(id)) continue;
      kept[id] = { name: String(name ?? ""), lessons: only(lessons, lessonFits), items: only(items, itemFits) };
      if (typeof phrase === "string") kept[id].phrase = phrase;
      if (unsaved) kept[id].unsaved = true;
    }
    const [first] = Object.keys(kept);
    if (!first) throw new TypeError("nobody is left");
    return { current: current in kept ? current : first, learners: kept, ...(inClass in kept ? { inClass } : {}) };
  }

  function read() {
    let text = fallback;
    try {
      text ??= localStorage.getItem(KEY);
    } catch {
      tell(NOT_KEPT);
    }
    try {
      return text ? sound(JSON.parse(text)) : blank();
    } catch {
      tell(BROKEN);
      return blank();
    }
  }

  function write(all) {
    const text = JSON.stringify(all);
    try {
      localStorage.setItem(KEY, text);
      fallback = null;
    } catch {
      fallback = text;
      tell(NOT_KEPT);
    }
    document.dispatchEvent(new CustomEvent("progress")); // pages draw themselves anew
  }

  function change(does) {
    const all = read(); // another tab may have written
    const result = does(all);
    write(all);
    return result;
  }

  function learn(does) {
    change((all) => {
      does(mine(all));
      mine(all).unsaved = true;
    });
    saveSoon();
  }

  // ---- learning

  function today() {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
  }

  function later(day, days) {
    const date = new Date(`${day}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
  }

  // Everybody who learns on this device, each with a `label` to be called by.
  function learners() {
    const all = read();
    const rows = Object.entries(all.learners);
    const label = (name, n) => name || (rows.length > 1 ? `Người học ${n + 1}` : "Bạn");
    return rows.map(([id, row], n) => ({ id, label: label(row.name, n), current: id === all.current, ...row }));
  }

  const learner = () => learners().find(({ current }) => current);
  const lesson = (id) => learner().lessons[id] ?? { card: 0, done: null };

  function sawCard(id, n) {
    if (n <= lesson(id).card) return;
    learn(({ lessons }) => { lessons[id] = { card: n, done: lessons[id]?.done ?? null }; });
  }

  function finished(id, day = today()) {
    if (lesson(id).done) return;
    learn(({ lessons }) => { lessons[id] = { card: lessons[id]?.card ?? 0, done: day }; });
  }

  // Only what was once answered wrongly comes back, and a right answer moves it on only when it was due.
  function answered(itemId, right, day = today()) {
    if (right && !learner().items[itemId]) return;
    learn(({ items }) => {
      const item = items[itemId] ?? { box: 1, due: day, right: 0, wrong: 0 };
      if (!right) items[itemId] = { ...item, box: 1, due: later(day, BOX_DAYS[0]), wrong: item.wrong + 1 };
      else items[itemId] = { ...item, ...(item.due <= day ? moved(item.box, day) : {}), right: item.right + 1 };
    });
  }

  const moved = (box, day) => (box < BOX_DAYS.length ? { box: box + 1, due: later(day, BOX_DAYS[box]) } : { due: LEARNT });

  // A question that no lesson has any more.
  const drop = (itemId) => learn(({ items }) => { items[itemId] = { ...items[itemId], due: LEARNT }; });

  function due(day = today()) {
    const items = Object.entries(learner().items).filter(([, item]) => item.due <= day);
    return items.sort(([a, x], [b, y]) => (x.due + a < y.due + b ? -1 : 1)).map(([id]) => id);
  }

  // ---- two states of one learner: the further one wins, row by row

  const further = (one, other) => ({
    card: Math.max(one.card, other.card),
    done: (one.done ?? "") > (other.done ?? "") ? one.done : other.done,
  });
  const order = ({ box, due, right, wrong }) => `${String(right + wrong).padStart(5, "0")} ${due} ${box} ${right}`;
  const newer = (one, other) => (order(one) > order(other) ? one : other);

  function joined(one, other, choose) {
    const rows = { ...one };
    for (const [id, row] of Object.entries(other)) rows[id] = id in one ? choose(one[id], row) : row;
    return rows;
  }

  function merge(state, id = read().current) {
    change(({ learners }) => {
      if (!(id in learners)) return; // removed meanwhile
      learners[id].lessons = joined(learners[id].lessons, only(state?.lessons, lessonFits), further);
      learners[id].items = joined(learners[id].items, only(state?.items, itemFits), newer);
    });
  }

  // ---- the family

  function add(all, name) {
    const id = String(Math.max(Date.now(), ...Object.keys(all.learners).map((other) => Number(other) + 1))); // never one that was removed
    all.learners[id] = newcomer(name);
    all.current = id;
    return id;
  }

  const addLearner = (name) => change((all) => add(all, name.trim()));
  const rename = (id, name) => change(({ learners }) => { learners[id].name = name.trim(); });
  const switchTo = (id) => change((all) => { if (id in all.learners) all.current = id; });

  // Returns what takes the removal back.
  function removeLearner(id) {
    const before = read();
    const standIn = change((all) => {
      delete all.learners[id];
      const [first] = Object.keys(all.learners);
      if (!first) return add(all, "");
      if (all.current === id) all.current = first;
      return null;
    });
    return () => change((all) => {
      all.learners[id] = before.learners[id];
      if (before.current === id) all.current = id;
      if (standIn in all.learners && isNew(all.learners[standIn])) delete all.learners[standIn];
    });
  }

  // ---- beyond this device

  async function send(path, body) {
    let reply;
    const post = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      reply = await fetch(HERE + path, post);
    } catch {
      throw new Refusal(0, OFFLINE);
    }
    const json = reply.status === 204 ? null : await reply.json().catch(() => null);
    if (!reply.ok) throw new Refusal(reply.status, typeof json?.detail === "string" ? json.detail : LATER);
    return json;
  }

  // Keeps the progress of who learns now under a new phrase, and returns it.
  async function keep() {
    const { id, ...row } = learner();
    const { phrase } = await send("/giu", stateOf(row));
    change(({ learners }) => { if (id in learners) learners[id].phrase = phrase; });
    return phrase;
  }

  // Takes up what a phrase opens, or a class's code and number; who has another phrase already is somebody else.
  async function open(typed) {
    const { phrase, state } = await send("/mo", { phrase: typed });
    change((all) => {
      if (!phrase) return;
      const known = Object.keys(all.learners).find((id) => all.learners[id].phrase === phrase);
      if (known) all.current = known;
      else if (mine(all).phrase) add(all, "");
      mine(all).phrase = phrase;
    });
    merge(state);
    learn(() => {});
  }

  // Deletes what the phrase of who learns now opens; what is on this device stays.
  async function forget() {
    const { id, phrase } = learner();
    try {
      await send("/xoa", { phrase });
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal; // it is gone already
    }
    change(({ learners }) => { delete learners[id]?.phrase; });
  }

  let timer = 0;
  let wait = RETRY_MS;
  let busy = false;

  function saveSoon(ms = SOON_MS) {
    clearTimeout(timer);
    timer = setTimeout(save, ms);
  }

  async function save() {
    if (busy) return saveSoon();
    busy = true;
    try {
      for (const { id, unsaved } of learners()) if (unsaved) await saveOne(id);
      wait = RETRY_MS;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 409) return saveSoon(); // another device was faster: its state is merged first
      saveSoon(wait);
      wait = Math.min(2 * wait, LAST_RETRY_MS);
    } finally {
      busy = false;
    }
  }

  async function saveOne(id) {
    let { phrase } = read().learners[id];
    const over = phrase && (await fetched(id, phrase));
    if (!over) phrase = null;
    const { learners, inClass } = read();
    if (!(id in learners) || !(phrase || inClass === id)) return;
    const state = stateOf(learners[id]);
    if (phrase) await send("/luu", { phrase, state, over });
    if (inClass === id && seated(await send("/lop", state))) return;
    change((all) => {
      if (id in all.learners && JSON.stringify(stateOf(all.learners[id])) === JSON.stringify(state)) delete all.learners[id].unsaved;
    });
  }

  // Another device may have learnt more. Returns the version that the phrase opens; one that opens nothing is given up.
  async function fetched(id, phrase) {
    try {
      const { state, version } = await send("/mo", { phrase });
      merge(state, id);
      return version;
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal;
      change(({ learners }) => { delete learners[id]?.phrase; });
      return null;
    }
  }

  // Takes note of the class that the browser is in, or is in no longer (null); tells whether one has ended.
  function seated(reply) {
    if (reply?.ended) wipe();
    else if (Boolean(reply) !== ("inClass" in read())) change((all) => (reply ? sit(all) : delete all.inClass));
    const title = reply?.title ?? "";
    if (title !== className) {
      className = title;
      document.dispatchEvent(new CustomEvent("progress"));
    }
    return Boolean(reply?.ended);
  }

  function sit(all) {
    all.inClass = all.current;
    mine(all).unsaved = true;
  }

  // Nothing of a class outlasts it; where the browser heeds Clear-Site-Data, this is done already.
  function wipe() {
    clearTimeout(timer);
    fallback = fallback && JSON.stringify(blank());
    try {
      for (const key of Object.keys(localStorage)) if (key === KEY || key.startsWith("binhdan-the/")) localStorage.removeItem(key);
    } catch { /* there is nothing */ }
    className = "";
    document.dispatchEvent(new CustomEvent("progress"));
  }

  async function start() {
    try {
      const reply = await send("/lop");
      seated(reply);
      if (reply?.state) merge(reply.state, read().inClass);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
    }
    if (learners().some(({ unsaved }) => unsaved)) saveSoon();
  }

  document.addEventListener("wipe", wipe); // classmate.js: the class is over
  window.addEventListener("online", () => saveSoon());
  window.addEventListener("storage", ({ key }) => { if (key === KEY) document.dispatchEvent(new CustomEvent("progress")); });
  start();

  return {
    learner, learners, lesson, sawCard, finished, answered, drop, due, merge, saveSoon, addLearner, rename, switchTo, removeLearner, keep, open,
    forget, problem: () => problem, className: () => className,
  };
})();
