// A spoken question beside the chat's box: what is said becomes text in the box, to be corrected; it is never sent by itself. The
// server's recogniser where the page names one, else the browser's, whose maker hears it: that is asked before, once a page.
// Nothing is stored; a recording lives until its text is there.
(() => {
  const MOST_S = 30;
  const RATE = 16000;
  const SAY = {
    asking: "Hãng làm ra trình duyệt này sẽ nghe điều bạn nói để chép thành chữ. Bạn đồng ý không?",
    waiting: "Bạn cho phép dùng micrô nhé…",
    listening: "Mình đang nghe. Nói xong bạn bấm Xong.",
    reading: "Mình đang chép thành chữ…",
    done: "Bạn xem lại chữ, sửa nếu cần, rồi bấm Gửi nhé.",
    unheard: "Mình chưa nghe rõ. Bạn nói lại gần máy hơn, hoặc gõ câu hỏi nhé.",
    refused: "Máy chưa cho dùng micrô. Bạn mở quyền micrô cho trang này, hoặc gõ câu hỏi nhé.",
    absent: "Máy này chưa có micrô. Bạn gõ câu hỏi nhé.",
    offline: "Chưa có mạng để nhận chữ. Bạn kiểm tra mạng rồi nói lại, hoặc gõ câu hỏi nhé.",
    failed: "Chưa nhận được chữ. Bạn nói lại, hoặc gõ câu hỏi nhé.",
  };
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  const server = document.querySelector('meta[name="server-hearing"]')?.content;
  const records = server && navigator.mediaDevices?.getUserMedia && window.MediaRecorder && window.OfflineAudioContext;
  if (!records && !Recognition) return;
  const ICON = '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><rect x="9" y="2" width="6" height="12" rx="3"/>' +
    '<path class="waves" d="M5 11q0 7 7 7t7-7M12 18v4"/></svg>';
  const find = (selector) => document.querySelector(selector);
  const field = () => find("#box textarea, #box input");

  let finish = null; // ends what is under way: true when the learner has said it all, false to throw it away
  let agreed = false;

  function state(text, on = false) {
    find("#listen .said").textContent = text;
    find("#listen [data-listen=start]").setAttribute("aria-pressed", on);
    find("#listen [data-listen=start] span").textContent = on ? "Xong" : "Nói";
    find("#listen .consent").hidden = text !== SAY.asking;
    if (!on) find("#listen .time").textContent = "";
  }

  // The seconds are for the eye only: read out, they would be heard by the microphone.
  function clock(over) {
    let seconds = 0;
    const tick = setInterval(() => {
      seconds += 1;
      find("#listen .time").textContent = `${seconds} giây (tối đa ${MOST_S})`;
      if (seconds >= MOST_S) over();
    }, 1000);
    return () => clearInterval(tick);
  }

  function fill(text) {
    const box = field();
    const prototype = box.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    const whole = [box.value.trim(), text].filter(Boolean).join(" ");
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(box, whole);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    box.setSelectionRange(whole.length, whole.length);
    state(SAY.done);
  }
  const heard = (text) => (text.trim() ? fill(text.trim()) : state(SAY.unheard));

  // Mono, 16 bit, 16 kHz; the decoder resamples.
  async function wav(recording) {
    const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await recording.arrayBuffer());
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, n) => decoded.getChannelData(n));
    const size = Math.min(decoded.length, MOST_S * RATE);
    const view = new DataView(new ArrayBuffer(44 + 2 * size));
    const letters = (at, text) => [...text].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
    letters(0, "RIFF"); view.setUint32(4, 36 + 2 * size, true); letters(8, "WAVEfmt ");
    view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
    view.setUint32(24, RATE, true); view.setUint32(28, 2 * RATE, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
    letters(36, "data"); view.setUint32(40, 2 * size, true);
    for (let n = 0; n < size; n += 1) {
      const level = channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length;
      view.setInt16(44 + 2 * n, Math.max(-1, Math.min(1, level)) * 32767, true);
    }
    return new Blob([view.buffer], { type: "audio/wav" });
  }

  async function understood(recording) {
    state(SAY.reading);
    let reply;
    try {
      const body = await wav(recording);
      reply = await fetch(server, { method: "POST", headers: { "Content-Type": "audio/wav", Accept: "application/json" }, body });
    } catch (error) {
      return state(error instanceof TypeError ? SAY.offline : SAY.unheard); // else nothing was recorded that can be decoded
    }
    const told = await reply.json().catch(() => ({}));
    if (reply.ok) return heard(told.text);
    return state(typeof told.detail === "string" ? told.detail : SAY.failed);
  }

  async function record() {
    let stream;
    let given = true;
    finish = () => { given = false; finish = null; state(""); };
    state(SAY.waiting, true);
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    } catch (error) {
      if (!given) return;
      finish = null;
      state(error.name === "NotFoundError" ? SAY.absent : error.name === "NotAllowedError" ? SAY.refused : SAY.failed);
      return;
    }
    const close = () => stream.getTracks().forEach((track) => track.stop());
    if (!given) return close();
    const recorder = new MediaRecorder(stream);
    const parts = [];
    const stopClock = clock(() => finish?.(true));
    finish = (wanted) => {
      finish = null;
      stopClock();
      recorder.onstop = () => { close(); if (wanted) understood(new Blob(parts, { type: recorder.mimeType })); };
      if (recorder.state === "inactive") recorder.onstop();
      else recorder.stop();
      if (!wanted) state("");
    };
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => finish?.(true); // the microphone was pulled out
    recorder.start();
    state(SAY.listening, true);
  }

  const FAULTS = { "not-allowed": "refused", "service-not-allowed": "failed", "audio-capture": "absent", network: "offline", "no-speech": "unheard" };
  function recognise() {
    if (!agreed) return state(SAY.asking);
    const ears = new Recognition();
    Object.assign(ears, { lang: "vi-VN", interimResults: false, continuous: false, maxAlternatives: 1 });
    let text = "";
    let fault = "";
    const stopClock = clock(() => finish?.(true));
    finish = (wanted) => {
      finish = null;
      stopClock();
      if (wanted) { state(SAY.reading); ears.stop(); }
      else { ears.onend = null; ears.abort(); state(""); }
    };
    ears.onresult = (event) => { text = [...event.results].map((result) => result[0].transcript).join(" "); };
    ears.onerror = (event) => { fault = FAULTS[event.error] ?? "failed"; };
    ears.onend = () => {
      finish = null;
      stopClock();
      if (fault && !text) state(SAY[fault]);
      else heard(text);
    };
    ears.start();
    return state(SAY.listening, true);
  }

  const begin = records ? record : recognise;
  document.addEventListener("click", (event) => {
    const does = event.target.closest?.("[data-listen]")?.dataset.listen;
    if (does === "start") finish ? finish(true) : begin();
    else if (does === "agree") { agreed = true; begin(); }
    else if (does === "refuse") { state(""); field().focus(); }
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") finish?.(false); });
  window.addEventListener("pagehide", () => finish?.(false));

  // Gradio draws the page after this file has run.
  const drawn = new MutationObserver(furnish);
  function furnish() {
    const send = find("#send");
    if (!field() || !send) return;
    drawn.disconnect();
    const place = document.createElement("div");
    place.id = "listen";
    place.innerHTML = `<button type="button" data-listen="start" aria-pressed="false">${ICON}<span>Nói</span></button>` +
      '<p><span class="said" role="status"></span> <span class="time" aria-hidden="true"></span></p>' +
      '<p class="consent" hidden><button type="button" data-listen="agree">Đồng ý</button> <button type="button" data-listen="refuse">Thôi</button></p>';
    send.before(place);
  }
  drawn.observe(document.documentElement, { childList: true, subtree: true });
  furnish();
})();
