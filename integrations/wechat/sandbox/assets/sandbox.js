// The phone: sends what is typed or tapped, and shows the screen anew whenever the server says that something has changed.
"use strict";

const body = document.body;
const byId = (id) => document.getElementById(id);
const chat = byId("chat");

function notice(text, calm = false) {
  byId("notice").textContent = text;
  byId("notice").className = calm ? "calm" : "";
}

// Why the server refused, in words: what doesn't fit, or anything else.
const reason = (status) => (status === 413 || status === 422 ? body.dataset.unfit : body.dataset.failed);

async function post(path, fields) {
  const data = fields instanceof FormData ? fields : new URLSearchParams(fields);
  try {
    const answer = await fetch("/sandbox" + path, { method: "POST", body: data });
    notice(answer.ok ? "" : reason(answer.status));
    return answer.ok ? await answer.text() : null;
  } catch {
    notice(body.dataset.unreachable);
    return null;
  }
}

const act = (name, fields = {}) => post(`/fans/${encodeURIComponent(body.dataset.fan)}/${name}`, fields);

// Only one refresh at a time; news that come meanwhile make one more.
let busy = false, again = false, end = false;

async function refresh(toEnd = false) {
  end ||= toEnd;
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch("/sandbox/screen?fan=" + encodeURIComponent(body.dataset.fan));
    if (answer.ok) show(await answer.text());
  } catch { /* the event stream says that the connection is gone, and calls us again */ }
  busy = false;
  if (again) { again = false; refresh(); }
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const atEnd = end || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 120;
  end = false;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const place = byId(part.dataset.part);
    const now = part.innerHTML;
    if (place.shown === now) continue;
    if (part.dataset.part === "chat") append(part);
    else replace(place, part);
    place.shown = now;
  }
  if (!body.dataset.fan) body.dataset.fan = document.querySelector("#fans .fan")?.dataset.fan ?? "";
  chat.removeAttribute("aria-busy");
  if (atEnd) toBottom();
}

function toBottom() { chat.scrollTop = chat.scrollHeight; }

// A chat only grows: adding the new entries keeps pictures, scrolling and screen readers quiet.
function append(part) {
  const last = chat.querySelector(".entry:last-child")?.dataset.entry;
  const known = last && chat.dataset.of === body.dataset.fan && part.querySelector(`[data-entry="${last}"]`);
  if (!known) chat.replaceChildren(...part.childNodes);
  else while (known.nextSibling) chat.append(known.nextSibling);
  chat.dataset.of = body.dataset.fan;
}

// Keeps the keyboard where it was, and a list open, when what is around it is drawn anew.
function replace(place, part) {
  const focusable = "button, summary, a";
  const index = [...place.querySelectorAll(focusable)].indexOf(document.activeElement);
  const open = [...place.querySelectorAll("details")].map((d) => d.open);
  place.replaceChildren(...part.childNodes);
  place.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false; });
  if (index >= 0) place.querySelectorAll(focusable)[index]?.focus();
}

// A picture has no height before it is loaded.
chat.addEventListener("load", (e) => {
  if (e.target.closest(".entry") === chat.lastElementChild) toBottom();
}, true);

byId("fans").addEventListener("click", (e) => {
  const fan = e.target.closest(".fan");
  if (!fan || fan.dataset.fan === body.dataset.fan) return;
  body.dataset.fan = fan.dataset.fan;
  for (const f of document.querySelectorAll("#fans .fan")) f.setAttribute("aria-pressed", f === fan);
  const address = new URL(location.href);
  address.searchParams.set("fan", fan.dataset.fan);
  history.replaceState(null, "", address);
  chat.setAttribute("aria-busy", "true");
  notice("");
  refresh(true);
});

byId("add-fan").addEventListener("submit", async (e) => {
  e.preventDefault();
  const id = await post("/fans", { name: byId("fan-name").value });
  if (id) { body.dataset.fan = id; e.target.reset(); refresh(true); byId("say").focus(); }
});

byId("write").addEventListener("submit", async (e) => {
  e.preventDefault();
  const say = byId("say"), text = say.value.trim();
  if (!text) { say.focus(); return; }
  say.value = "";
  end = true;
  if (await act("say", { text }) === null && !say.value.trim()) say.value = text;
});

// Enter sends, Shift and Enter make a line; the Enter that picks a word of an input method does neither.
let shift = false;
byId("say").addEventListener("keydown", (e) => { shift = e.shiftKey; });
byId("say").addEventListener("beforeinput", (e) => {
  if (e.inputType !== "insertLineBreak" || shift || e.isComposing) return;
  e.preventDefault();
  byId("write").requestSubmit();
});

byId("file").addEventListener("change", async (e) => {
  if (!e.target.files.length) return;
  const data = new FormData();
  data.append("file", e.target.files[0]);
  notice(body.dataset.sending, true);
  end = true;
  await act("file", data);
  e.target.value = "";
});

byId("voice").addEventListener("click", () => { end = true; act("voice"); });

byId("menu").addEventListener("click", (e) => {
  const item = e.target.closest("[data-key], [data-view]");
  if (!item) return;
  item.closest("details")?.removeAttribute("open");
  end = true;
  if (item.dataset.view) act("view", { url: item.dataset.view });
  else act("click", { key: item.dataset.key });
});

byId("chat").addEventListener("click", (e) => {
  const tap = e.target.closest("[data-tap]");
  if (!tap) return;
  end = true;
  act("tap", { id: tap.dataset.tap, text: tap.textContent });
});

for (const id of ["bar", "closed"]) {
  byId(id).addEventListener("click", (e) => {
    const button = e.target.closest("button[data-act]");
    if (!button) return;
    button.closest("details")?.removeAttribute("open");
    act(button.dataset.act, { on: button.dataset.on ?? "" });
  });
}

// Lists close by a click elsewhere and by Escape, which puts the keyboard back.
document.addEventListener("click", (e) => {
  for (const d of document.querySelectorAll(".drop[open]")) if (!d.contains(e.target)) d.open = false;
});
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  for (const d of document.querySelectorAll(".drop[open]")) {
    d.open = false;
    d.querySelector("summary").focus();
  }
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

byId("repair").addEventListener("click", () => {
  const form = byId("faults");
  for (const input of form.elements) {
    if (input.type === "number") input.value = 0;
    else if (input.type === "checkbox") input.checked = false;
    else if (input.tagName === "SELECT") input.selectedIndex = 0;
  }
  post("/faults", new FormData(form));
});

if (matchMedia("(min-width: 64rem)").matches) document.querySelector(".faults details").open = true; // there is room
chat.dataset.of = body.dataset.fan;
toBottom();

// The stream says at its beginning that something changed, so a connection that comes back brings what was missed.
const news = new EventSource("/sandbox/events");
news.addEventListener("changed", () => { byId("offline").hidden = true; refresh(); });
news.addEventListener("error", () => { byId("offline").hidden = false; });
