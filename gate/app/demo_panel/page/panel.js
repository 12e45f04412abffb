// Lists the presentations, presents them again, and asks every second what came of them.
"use strict";

(() => {
  const OUTCOMES = { pass: "✓ 通行 pass", refer: "◆ 请核查 refer", retry: "▲ 请重试 retry" };
  const PICTURE_BYTES = 10000000;
  const list = document.getElementById("items");
  const news = document.getElementById("news");
  const rows = new Map();

  async function post(path, body) {
    const answer = await fetch(path, { method: "POST", body });
    news.textContent = answer.ok ? "" : `${answer.status}: ${await answer.text()}`;
  }

  function whileDisabled(button, work) {
    button.disabled = true;
    work()
      .catch(() => { news.textContent = "演示程序没有应答 / the demo does not answer"; })
      .finally(() => { button.disabled = false; });
  }

  function mark(element, outcome) {
    element.textContent = outcome ? OUTCOMES[outcome] : "—";
    element.dataset.outcome = outcome || "";
  }

  function addRow(item) {
    const row = document.getElementById("item").content.firstElementChild.cloneNode(true);
    for (const name of item.names) {
      const line = document.createElement("span");
      line.lang = name.lang;
      line.textContent = name.text;
      row.querySelector(".names").append(line);
    }
    row.querySelector(".reader").textContent = item.reader;
    mark(row.querySelector(".expected"), item.expected);
    const button = row.querySelector("button");
    button.addEventListener("click", () => {
      whileDisabled(button, () => post(`/present/${encodeURIComponent(item.id)}`));
    });
    list.append(row);
    rows.set(item.id, row);
    return row;
  }

  async function refresh() {
    const items = await (await fetch("/items")).json();
    for (const item of items) {
      mark((rows.get(item.id) || addRow(item)).querySelector(".last"), item.last);
    }
  }

  function refreshForEver() {
    refresh().catch(() => {}).finally(() => setTimeout(refreshForEver, 1000));
  }

  document.getElementById("picture").addEventListener("submit", (event) => {
    event.preventDefault();
    const file = document.getElementById("file").files[0];
    if (file.size > PICTURE_BYTES) {
      news.textContent = "图片太大 / the picture is too large";
      return;
    }
    whileDisabled(event.submitter, () => post("/picture", file));
  });
  refreshForEver();
})();
