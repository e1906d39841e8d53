// The phone: sends what is typed or tapped, and shows the screen anew whenever the server says that something has changed.
"use strict";

const body = document.body;
const byId = (id) => document.getElementById(id);
const chat = byId("chat");

function notice(text) { byId("notice").textContent = text; }

async function post(path, fields) {
  const data = fields instanceof FormData ? fields : new URLSearchParams(fields);
  try {
    const answer = await fetch("/sandbox" + path, { method: "POST", body: data });
    notice(answer.ok ? "" : body.dataset.failed);
    return answer.ok ? await answer.text() : null;
  } catch {
    notice(body.dataset.failed);
    return null;
  }
}

const act = (name, fields = {}) => post(`/fans/${encodeURIComponent(body.dataset.fan)}/${name}`, fields);

// Only one refresh at a time; news that come meanwhile make one more.
let busy = false, again = false;

async function refresh(toEnd = false) {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch("/sandbox/screen?fan=" + encodeURIComponent(body.dataset.fan));
    if (answer.ok) show(await answer.text(), toEnd);
  } catch { /* the event stream reconnects and calls us again */ }
  busy = false;
  if (again) { again = false; refresh(); }
}

function show(html, toEnd) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const atEnd = toEnd || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const place = byId(part.dataset.part);
    const now = part.innerHTML;
    if (place.shown === now) continue;
    if (part.dataset.part === "chat") append(part);
    else replace(place, part);
    place.shown = now;
  }
  if (!body.dataset.fan) body.dataset.fan = document.querySelector("#fans .fan")?.dataset.fan ?? "";
  if (atEnd) chat.scrollTop = chat.scrollHeight;
}

// A chat only grows: adding the new lines keeps pictures, scrolling and screen readers quiet.
function append(part) {
  const last = chat.querySelector("[data-entry]:last-child")?.dataset.entry;
  const known = last && chat.dataset.of === body.dataset.fan && part.querySelector(`[data-entry="${last}"]`);
  if (!known) chat.replaceChildren(...part.childNodes);
  else while (known.nextSibling) chat.append(known.nextSibling);
  chat.dataset.of = body.dataset.fan;
}

// Keeps the keyboard where it was when the button under it is drawn anew.
function replace(place, part) {
  const index = [...place.querySelectorAll("button, summary")].indexOf(document.activeElement);
  place.replaceChildren(...part.childNodes);
  if (index >= 0) place.querySelectorAll("button, summary")[index]?.focus();
}

byId("fans").addEventListener("click", (e) => {
  const fan = e.target.closest(".fan");
  if (!fan) return;
  body.dataset.fan = fan.dataset.fan;
  const address = new URL(location.href);
  address.searchParams.set("fan", fan.dataset.fan);
  history.replaceState(null, "", address);
  refresh(true);
});

byId("add-fan").addEventListener("submit", async (e) => {
  e.preventDefault();
  const id = await post("/fans", { name: byId("fan-name").value });
  if (id) { body.dataset.fan = id; e.target.reset(); refresh(true); }
});

byId("write").addEventListener("submit", async (e) => {
  e.preventDefault();
  const text = byId("say").value.trim();
  if (!text) return;
  byId("say").value = "";
  if (await act("say", { text }) === null) byId("say").value = text;
});

byId("file").addEventListener("change", async (e) => {
  if (!e.target.files.length) return;
  const data = new FormData();
  data.append("file", e.target.files[0]);
  await act("file", data);
  e.target.value = "";
});

byId("voice").addEventListener("click", () => act("voice"));

byId("menu").addEventListener("click", (e) => {
  const button = e.target.closest("button[data-key]");
  if (!button) return;
  button.closest("details")?.removeAttribute("open");
  act("click", { key: button.dataset.key });
});

byId("bar").addEventListener("click", (e) => {
  const button = e.target.closest("button[data-act]");
  if (button) act(button.dataset.act, { on: button.dataset.on ?? "" });
});

byId("scan")?.addEventListener("submit", async (e) => {
  e.preventDefault();
  if (await act("scan", { ticket: e.target.dataset.ticket }) !== null) {
    e.target.remove();
    history.replaceState(null, "", "/sandbox");
  }
});

byId("faults").addEventListener("submit", (e) => {
  e.preventDefault();
  post("/faults", new FormData(e.target));
});

chat.dataset.of = body.dataset.fan;
chat.scrollTop = chat.scrollHeight;
new EventSource("/sandbox/events").addEventListener("changed", () => refresh());
