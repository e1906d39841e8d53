// What pages do beyond plain links and forms: live updates, keys, and no form sent twice. Every page works without it.
"use strict";
(function () {
  const body = document.body;
  let row = null; // id of the chosen row, kept when the list is replaced
  let before = { entries: 0, open: [] }; // timeline, unfolded steps and clocks of a page that is about to be replaced

  // --- Live updates. A hidden tab lets go of its stream, since a browser has only six connections to one host, and looks once when it
  // is shown again.

  let source = null;

  function connect() {
    source = new EventSource(body.dataset.live);
    source.addEventListener("case", function (e) { changed(e.data); });
    source.addEventListener("tasks", function () { changed(""); });
    source.addEventListener("chat", function (e) { said(e.data, true); });
    source.addEventListener("queue", function (e) { said(e.data, false); });
    source.addEventListener("call", function (e) { rings(e.data); });
  }

  function watch() {
    if (!body.dataset.live || !window.EventSource) return;
    if (!document.hidden) connect();
    document.addEventListener("visibilitychange", function () {
      if (document.hidden) {
        if (source) source.close();
        source = null;
      } else if (!source) {
        connect();
        changed(body.dataset.number || null);
      }
    });
  }

  // rings opens the form for the call that this person has just answered. Where something is being typed it only offers to.
  function rings(call) {
    const address = "/console/file?call=" + call;
    if (!touched(document.getElementById("main"))) {
      location.assign(address);
      return;
    }
    const bar = document.getElementById("ringing");
    bar.querySelector("a").href = address;
    bar.hidden = false;
  }

  // said: somebody has spoken in a conversation that this person has, or that waits for anybody.
  function said(chat, mine) {
    const lines = document.getElementById("lines");
    if (lines && body.dataset.chat === chat) { refresh(lines); return; }
    changed("");
    if (mine && !document.querySelector("#list[data-tasks]")) {
      const bar = document.getElementById("chatting");
      bar.querySelector("a").href = "/console/chats/" + chat;
      bar.hidden = false;
    }
  }

  // changed takes the number of a case, "" for the list of tasks, null when anything may have changed.
  function changed(number) {
    const list = document.getElementById("list");
    if (list) {
      const tasks = "tasks" in list.dataset;
      if (number !== null && tasks !== (number === "")) return;
      if (tasks && touched(list)) toast("/console/tasks");
      else refresh(list);
      return;
    }
    const page = document.getElementById("case");
    if (!page || number !== body.dataset.number || page.querySelector("form[data-sent]")) return;
    if (touched(page)) toast(page.getAttribute("hx-get"));
    else refresh(page);
  }

  // Many changes at once make one request.
  let waiting = 0;
  function refresh(element) {
    clearTimeout(waiting);
    waiting = setTimeout(function () { htmx.trigger("#" + element.id, "changed"); }, 300);
  }

  // touched reports whether replacing the page would take something from the person: what they type, or a contact just revealed.
  function touched(page) {
    if ("keep" in page.dataset) return true;
    if (document.activeElement && page.contains(document.activeElement) && document.activeElement.closest("form")) return true;
    return Array.from(page.querySelectorAll("textarea, select, input:not([type=hidden])")).some(function (f) {
      if (f.type === "checkbox" || f.type === "radio") return f.checked !== f.defaultChecked;
      if (f.tagName !== "SELECT") return f.value !== f.defaultValue;
      return f.selectedIndex !== Math.max(0, Array.from(f.options).findIndex(function (o) { return o.defaultSelected; }));
    });
  }

  function toast(address) {
    const t = document.getElementById("toast");
    t.querySelector("a").href = address;
    t.hidden = false;
  }

  // A list that could not be fetched says so, instead of looking like the latest.
  function lost(is) {
    const banner = document.getElementById("lost");
    if (banner) banner.hidden = !is;
  }
  document.addEventListener("htmx:sendError", function () { lost(true); });
  document.addEventListener("htmx:responseError", function (e) { lost(e.detail.xhr.status >= 500); });
  document.addEventListener("htmx:afterRequest", function (e) { if (e.detail.successful) lost(false); });

  document.addEventListener("htmx:beforeSwap", function () {
    ticked = boxes().filter(function (b) { return b.checked; }).map(function (b) { return b.value; });
    const open = Array.from(document.querySelectorAll("details[data-step][open]"));
    before = { entries: document.querySelectorAll("#timeline > li").length, open: open.map(function (d) { return d.dataset.step; }) };
  });

  document.addEventListener("htmx:afterSettle", function (e) {
    if (e.target.id === "lines") bottom();
    const chosen = rows().find(function (x) { return id(x) === row; });
    if (chosen) mark(chosen);
    boxes().forEach(function (b) { b.checked = ticked.includes(b.value); }); // not one whose case has changed since
    tally();
    reveal(e.target);
    if (e.target.id === "case") {
      document.querySelectorAll("#timeline > li").forEach(function (li, i) { if (i >= before.entries) li.classList.add("fresh"); });
      document.querySelectorAll("details[data-step]").forEach(function (d) { if (before.open.includes(d.dataset.step)) d.open = true; });
    }
    if (e.target.id === "callers") fill(e.target.querySelector("[data-enterprise]"));
    if (e.target.id === "suggest") {
      const named = e.target.querySelector("[data-fill]");
      fill(named);
      const phone = document.querySelector("input[name=phone]");
      if (named && named.dataset.phone && phone && !phone.value && document.activeElement !== phone) {
        phone.value = named.dataset.phone;
        phone.dispatchEvent(new Event("change", { bubbles: true })); // who is it?
      }
    }
  });

  // fill takes over the enterprise of a known caller, unless one was typed.
  function fill(caller) {
    const field = document.querySelector("input[name=enterprise]");
    if (caller && field && !field.value && document.activeElement !== field) field.value = caller.dataset.enterprise;
  }

  // --- Rows that are ticked for a step to all of them

  let ticked = [];

  function boxes() { return Array.from(document.querySelectorAll("td.tick input")); }

  function tally() {
    const words = document.querySelector("[data-ticked]");
    if (!words) return;
    const n = boxes().filter(function (b) { return b.checked; }).length;
    if (!("none" in words.dataset)) words.dataset.none = words.textContent;
    words.textContent = n ? words.dataset.words.replace("#", n) : words.dataset.none;
    document.querySelectorAll("#bulk button").forEach(function (b) { b.disabled = n === 0; });
    document.querySelector("[data-all]").checked = n > 0 && n === boxes().length;
  }

  document.addEventListener("change", function (e) {
    if (e.target.name === "same" && e.target.checked) { // it is the same as one
      document.querySelectorAll("input[name=same]").forEach(function (o) { if (o !== e.target) o.checked = false; });
    }
    if (e.target.matches("[data-all]")) boxes().forEach(function (b) { b.checked = e.target.checked; });
    if (e.target.matches("[data-all], td.tick input")) tally();
  });

  // bottom shows the last words of a conversation.
  function bottom() {
    const lines = document.getElementById("lines");
    if (lines) lines.scrollTop = lines.scrollHeight;
  }
  bottom();

  // --- Keys

  function sheet() {
    const s = document.getElementById("keys-sheet");
    if (s && !s.open) s.showModal();
  }

  function go(selector) {
    const a = document.querySelector(selector);
    if (a) a.click();
  }

  function rows() { return Array.from(document.querySelectorAll("[data-row]")); }

  function id(r) { return r.dataset.number || r.dataset.task; }

  function mark(r) { rows().forEach(function (x) { x.classList.toggle("chosen", x === r); }); }

  function choose(r) {
    if (!r) return;
    mark(r);
    row = id(r);
    r.scrollIntoView({ block: "nearest" });
  }

  function move(by) {
    const all = rows();
    const at = all.findIndex(function (r) { return id(r) === row; });
    choose(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
  }

  function press(selector) {
    const r = document.querySelector("[data-row].chosen");
    const target = r && r.querySelector(selector);
    if (target) target.click();
  }

  document.addEventListener("keydown", function (e) {
    if (e.isComposing || e.defaultPrevented) return;
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target.tagName === "TEXTAREA" && e.target.form) {
      e.preventDefault();
      e.target.form.requestSubmit();
      return;
    }
    if (e.altKey && !e.ctrlKey && !e.metaKey && /^Digit[0-3]$/.test(e.code) && document.getElementById("filing")) {
      const picks = document.querySelectorAll("#suggest .picks input[name=placement]"); // the first is the system's own decision
      const pick = picks[Number(e.code.slice(5))];
      if (pick) { e.preventDefault(); pick.click(); }
      return;
    }
    if (e.altKey && !e.ctrlKey && !e.metaKey && e.code === "KeyS" && document.getElementById("filing")) {
      const same = document.querySelector("#suggest input[name=same]");
      if (same) { e.preventDefault(); same.click(); }
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
    if (e.key === "j" || e.key === "k") {
      if (e.target !== body) e.target.blur(); // the keys have the word now, Enter is for the chosen row
      move(e.key === "j" ? 1 : -1);
    } else if (e.repeat) {
      return;
    } else if (e.key === "/") {
      const q = document.getElementById("q");
      if (q) { e.preventDefault(); q.focus(); q.select(); }
    } else if (e.key === "?") {
      sheet();
    } else if (e.key === "x") {
      press("td.tick input");
    } else if (e.key === "n") {
      go(".pages a[rel=next]");
    } else if (e.key === "u") {
      if (location.pathname !== "/console") location.assign("/console");
    } else if (/^[123]$/.test(e.key)) {
      press('[data-key="' + e.key + '"]');
    } else if (e.key === "Enter" && !e.target.closest("a, button, summary")) {
      press("a[href]");
    }
  });

  // --- Mouse

  document.addEventListener("click", function (e) {
    const r = e.target.closest("tr[data-row]"); // a row is a link
    if (r && !e.target.closest("a, button, input, label") && !String(getSelection())) r.querySelector("a[href]").click();
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      document.getElementById(copy.dataset.copy).select();
      if (document.execCommand("copy")) copy.textContent = copy.dataset.copied; // the clipboard API needs https, desks may have http
    }
    const insert = e.target.closest("[data-insert]");
    if (insert) put(insert.closest("form").querySelector("textarea[name=note]"), insert.closest(".template").querySelector(".said").textContent);
    const voice = e.target.closest("[data-amr]");
    if (voice) play(voice);
    if (e.target.closest("[data-sheet]")) sheet();
    if (e.target.closest("[data-print]")) window.print();
    const link = e.target.closest("a[href]");
    if (link && !link.target && !link.matches("[data-download], [href^='#'], [href^='tel:']") && !e.ctrlKey && !e.metaKey && !e.shiftKey) body.classList.add("loading");
  });

  // put writes a template where the cursor is, without taking away what is there.
  function put(field, text) {
    const before = field.value.slice(0, field.selectionStart), after = field.value.slice(field.selectionEnd);
    field.value = before + text + after;
    field.focus();
    field.selectionStart = field.selectionEnd = before.length + text.length;
  }

  // --- Voices. WeChat's are AMR, which no browser plays: a worker decodes them, 8,000 samples a second.

  let playing = null; // { stop, url }
  const heard = new Map(); // url: seconds

  // showVoice shows on the page what is true of a voice: the lines may have been drawn anew since its button was pressed.
  function showVoice(url) {
    document.querySelectorAll("[data-amr]").forEach(function (button) {
      if (button.dataset.amr !== url) return;
      if (!button.dataset.play) button.dataset.play = button.textContent;
      const on = playing && playing.url === url;
      button.textContent = on ? button.dataset.stop : button.dataset.play;
      if (heard.has(url)) button.dataset.heard = heard.get(url);
    });
  }

  function play(button) {
    const url = button.dataset.amr;
    const mine = playing && playing.url === url;
    if (playing) playing.stop();
    if (mine) return;
    const worker = new Worker(body.dataset.amrWorker);
    const sound = new AudioContext();
    const voice = { url: url };
    voice.stop = function () {
      if (playing !== voice) return; // another has taken its place
      worker.terminate();
      sound.close();
      playing = null;
      showVoice(url);
    };
    playing = voice;
    showVoice(url);
    const failed = function () {
      if (playing !== voice) return;
      voice.stop();
      document.querySelectorAll("[data-amr]").forEach(function (b) {
        if (b.dataset.amr !== url) return;
        b.textContent = b.dataset.unplayable;
        b.disabled = true;
      });
    };
    worker.onerror = failed;
    worker.onmessage = function (e) {
      if (playing !== voice) return;
      if (!e.data.amr || !e.data.amr.length) return failed();
      const buffer = sound.createBuffer(1, e.data.amr.length, 8000);
      buffer.getChannelData(0).set(e.data.amr);
      const source = sound.createBufferSource();
      source.buffer = buffer;
      source.connect(sound.destination);
      source.onended = voice.stop;
      source.start();
      heard.set(url, buffer.duration.toFixed(1));
      showVoice(url);
    };
    fetch(url).then(function (r) {
      if (!r.ok) throw new Error(r.status);
      return r.arrayBuffer();
    }).then(function (content) { worker.postMessage({ command: "decode", buffer: new Uint8Array(content) }); }).catch(failed);
  }

  // What works with a script alone is shown by it.
  function reveal(under) {
    under.querySelectorAll("[data-copy], [data-insert], [data-sheet], [data-print], [data-amr]").forEach(function (b) { b.hidden = false; });
    under.querySelectorAll("[data-amr]").forEach(function (b) { showVoice(b.dataset.amr); });
    under.querySelectorAll("input[data-absolute]").forEach(function (f) { f.value = new URL(f.value, location).href; });
  }
  reveal(document);

  // --- No form twice

  document.addEventListener("submit", function (e) {
    const form = e.target;
    if (form.method === "get") body.classList.add("loading");
    if (form.method !== "post") return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    body.classList.add("loading");
    form.querySelectorAll("button").forEach(function (b) { b.setAttribute("aria-busy", "true"); });
  });

  // Back from another page: the form may be sent again.
  window.addEventListener("pageshow", function () {
    body.classList.remove("loading");
    tally();
    document.querySelectorAll("form[data-sent]").forEach(function (f) {
      delete f.dataset.sent;
      f.querySelectorAll("button").forEach(function (b) { b.removeAttribute("aria-busy"); });
    });
  });

  // What was typed before the scripts had come is looked at now: the cursor is in the field before them.
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("#filing [hx-trigger*=typed]").forEach(function (f) {
      if ("value" in f && f.value !== f.defaultValue) f.dispatchEvent(new Event("typed", { bubbles: true }));
    });
  });

  if (document.querySelector(".triage")) choose(rows()[0]);
  watch();
})();
