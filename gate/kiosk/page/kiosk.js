// Shows what the gate says and nothing else. Whatever goes wrong here ends in "lost", never in an old pass.
"use strict";

(() => {
  const body = document.body;
  const words = document.querySelector(".words");
  const live = document.getElementById("live");
  const SILENCE_MS = Number(body.dataset.silenceMs);
  const LATE_MS = 1500; // what the gate may be late in clearing a decision

  let source = null;
  let silence = 0;
  let overdue = 0;
  let shown = null;

  function listen() {
    if (source) source.close();
    source = new EventSource("/events");
    source.addEventListener("state", (event) => {
      heard();
      show(JSON.parse(event.data));
    });
    source.addEventListener("beat", heard);
    source.onerror = lost; // the browser comes back by itself; where it gives up, the silence ends in listen()
    heard();
  }

  // Every word from the gate, a heartbeat included, starts the wait anew.
  function heard() {
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
  }

  function again() {
    lost();
    listen();
  }

  function lost() {
    clearTimeout(overdue);
    paint("lost", [], null, []);
    shown = null;
  }

  function show(state) {
    if (state.page !== body.dataset.version) {
      location.reload();
      return;
    }
    clearTimeout(overdue);
    if (state.hold_s !== null) overdue = setTimeout(again, state.hold_s * 1000 + LATE_MS);
    paint(state.kind, state.texts, state.receipt, state.flags);
    if (state.shown !== shown) arrive();
    shown = state.shown;
  }

  function paint(kind, texts, receipt, flags) {
    body.dataset.kind = kind;
    for (const role of ["screen", "next_step", "advice"]) {
      const said = texts.filter((text) => text[role]);
      document.getElementById(role).replaceChildren(...said.map((text) => span(text.lang, text[role])));
    }
    document.getElementById("receipt").textContent = receipt || "";
    for (const sign of document.querySelectorAll(".flags li")) sign.hidden = !flags.includes(sign.id);
    fit();
    say();
  }

  function span(lang, text) {
    const element = document.createElement("span");
    element.lang = lang;
    element.dir = "auto";
    element.append(...clauses(text));
    return element;
  }

  // Chinese has no spaces to break at: lines break after its commas first, and within a clause only when they must.
  function clauses(text) {
    const parts = text.match(/[^，。；]+[，。；]*|[，。；]+/g) || [];
    if (parts.length < 2) return [text];
    return parts.map((part) => {
      const clause = document.createElement("span");
      clause.textContent = part;
      return clause;
    });
  }

  // Two equal decisions in a row are two: the shape arrives again.
  function arrive() {
    body.classList.remove("fresh");
    void body.offsetWidth; // lets the browser forget the animation that has run
    body.classList.add("fresh");
  }

  // Long words get smaller until they fit; what does not fit at the smallest size is cut off, not the layout.
  function fit() {
    for (let size = 1; size > 0.4; size -= 0.06) {
      words.style.setProperty("--fit", size);
      if (words.scrollHeight <= words.clientHeight && words.scrollWidth <= words.clientWidth) return;
    }
  }

  // For screen readers, in one piece, and only when it changed.
  function say() {
    const said = words.innerText.replace(/\s+/g, " ").trim();
    if (live.textContent !== said) live.textContent = said;
  }

  function offerPanel(url) {
    const drawer = document.getElementById("drawer");
    drawer.hidden = false;
    drawer.addEventListener("toggle", () => {
      const panel = document.getElementById("panel");
      if (drawer.open && !panel.src) panel.src = url;
      body.classList.toggle("beside-drawer", drawer.open);
      fit();
    });
  }

  for (const line of words.querySelectorAll("[lang]")) line.replaceChildren(...clauses(line.textContent));
  window.addEventListener("resize", fit);
  if (body.dataset.panelUrl) offerPanel(body.dataset.panelUrl);
  listen();
})();
