/* SPDX-License-Identifier: EUPL-1.2
 *
 * k.js: tells the collector what a visitor does on this page, in wire format 1.
 *
 *   <script src="/k.js" defer data-b="417" data-x="zwerfvuil=redesign" data-f="zwerfvuil"></script>
 *
 * It reads only what the page's author marked: data-kr-query, -results, -answer, -rank, -form, -step, -last,
 * -goal, -contact, -feedback, -thanks. It never reads what a visitor types. It sets no cookie; the tab
 * remembers the id of the page before (kr_o), forms under way (kr_s) and experiments told as first (kr_f).
 * A browser that did not keep the server's bucket cookie takes no part in experiments: it would be met for
 * the first time on every page.
 * With Global Privacy Control or Do Not Track it does nothing. klantreis.consent(true) begins an id that
 * lasts (kr_c), klantreis.consent(false) forgets it and silences this browser.
 */
(() => {
  "use strict";
  if (window.klantreis) return;

  const nav = navigator;
  if (nav.globalPrivacyControl || nav.doNotTrack === "1" || window.doNotTrack === "1") {
    window.klantreis = { consent() {} };
    return;
  }

  const doc = document;
  const script = doc.currentScript || doc.querySelector('script[src*="/k.js"]');
  const given = script.dataset;
  const collector = given.to || new URL("/e", script.src).href;
  const SILENT = "-";
  const SEND_AFTER_MS = 1000;
  const STALE_MS = 36e5;
  const FILES = /\.(pdf|docx?|xlsx?|pptx?|od[pst]|rtf|txt|csv|zip|7z|rar|gz|epub|ics|mp[34])$/i;
  const CHANNELS = /^(tel|mail|chat|appointment|counter)$/;
  const [UNDER_WAY, ABANDONED, DONE] = [1, 2, 3];

  // A page must not notice us: whatever goes wrong in here ends here.
  const safely = (work) => (event) => {
    try {
      work(event);
    } catch (_) {}
  };

  // Even naming window.sessionStorage throws where it is blocked.
  const recall = (area, key) => {
    try {
      return window[area].getItem(key);
    } catch (_) {
      return null;
    }
  };
  const remember = (area, key, value) => {
    try {
      window[area].setItem(key, value);
    } catch (_) {}
  };

  const randomId = (length) =>
    Array.from(
      crypto.getRandomValues(new Uint8Array(length)),
      (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"[byte & 63],
    ).join("");

  // No half of a surrogate pair at the end: the collector would refuse the whole beacon.
  const clip = (text, length) => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
  const whole = (text, least) => (parseInt(text, 10) >= least ? parseInt(text, 10) : undefined);
  const isConsentId = (text) => /^[\w-]{22}$/.test(text);
  const closest = (event, selector) => event.target.closest && event.target.closest(selector);

  const listed = (text) => (text || "").split(",").filter(Boolean);

  let consented = recall("localStorage", "kr_c");
  if (consented !== SILENT && !isConsentId(consented)) consented = undefined;
  const experiments = {};
  let bucket, firsts = [];
  safely(() => {
    if (!given.b || !new RegExp("(^|; )kr_b=" + given.b + "([.;]|$)").test(doc.cookie)) return;
    bucket = whole(given.b, 0);
    firsts = listed(given.f);
    listed(given.x).forEach((pair) => {
      const [name, variant] = pair.split("=");
      experiments[name] = variant;
    });
  })();
  let forms = {};
  safely(() => (forms = JSON.parse(recall("sessionStorage", "kr_s")) || {}))();

  // What belongs to one view of the page; begin() makes it anew.
  let page, origin, first, count, queue, timer;
  let visibleMs, visibleSince, toldMs, depth, submitted;

  const record = (kind, fields) => {
    if (consented === SILENT) return;
    queue.push({ at: Date.now(), event: Object.assign({ i: count++, k: kind }, fields) });
    if (queue.length > 19) send();
    else timer = timer || setTimeout(safely(send), SEND_AFTER_MS);
  };

  const send = () => {
    clearTimeout(timer);
    timer = 0;
    const now = Date.now();
    const events = queue
      .splice(0)
      .filter(({ at }) => now - at < STALE_MS)
      .map(({ at, event }) => Object.assign(event, { d: Math.max(0, now - at) }));
    if (!events.length) return;
    const language = doc.documentElement.lang;
    const body = JSON.stringify({
      v: 1,
      p: page,
      o: origin,
      u: clip(location.origin + location.pathname + location.search, 2048),
      r: clip(doc.referrer, 2048) || undefined,
      b: bucket,
      x: Object.keys(experiments).length ? experiments : undefined,
      f: first.length ? first : undefined,
      c: consented || undefined,
      l: /^[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}$/i.test(language) ? language : undefined,
      w: innerWidth < 640 ? "s" : innerWidth < 1024 ? "m" : "l",
      e: events,
    });
    // A string goes as text/plain;charset=UTF-8, which needs no preflight.
    if (!(nav.sendBeacon && nav.sendBeacon(collector, body)))
      fetch(collector, { method: "POST", body, keepalive: true, mode: "no-cors" }).catch(() => {});
  };

  const begin = () => {
    page = randomId(12);
    const before = recall("sessionStorage", "kr_o");
    origin = /^[\w-]{12}$/.test(before) ? before : undefined;
    queue = [];
    count = visibleMs = toldMs = depth = 0;
    visibleSince = doc.visibilityState === "visible" ? performance.now() : 0;
    submitted = {};
    if (consented === SILENT) return;
    remember("sessionStorage", "kr_o", page);
    // A page out of the browser's cache still carries data-f, though the tab has told it long ago.
    const told = listed(recall("sessionStorage", "kr_f"));
    first = firsts.filter((name) => !told.includes(name));
    if (first.length) remember("sessionStorage", "kr_f", told.concat(first).join());
    firsts = [];

    record("view", { t: clip(doc.title, 300) });
    const search = doc.querySelector("[data-kr-query]");
    if (search)
      record("search", {
        q: clip(search.dataset.krQuery, 300),
        n: whole(search.dataset.krResults, 0),
        a: doc.querySelector("[data-kr-answer]") ? true : undefined,
      });
    doc.querySelectorAll("[data-kr-goal]").forEach((mark) => {
      if (mark.dataset.krGoal) record("goal", { g: clip(mark.dataset.krGoal, 200) });
    });
    doc.querySelectorAll("form[data-kr-form]").forEach((form) => {
      if (stepOf(form) > 1) {
        tell(form, "step");
        progress(form, UNDER_WAY);
      }
      if (invalid(form)) tell(form, "error");
    });
    send();
  };

  const stepOf = (form) => whole(form.dataset.krStep, 1) || 1;
  const invalid = (form) => form.querySelector('[aria-invalid="true"]');
  const tell = (form, action) => {
    const name = clip(form.dataset.krForm, 200);
    if (name) record("form", { f: name, a: action, n: stepOf(form) });
  };
  const progress = (form, state) => {
    forms[form.dataset.krForm] = state;
    remember("sessionStorage", "kr_s", JSON.stringify(forms));
  };

  const onInput = (event) => {
    const form = closest(event, "form[data-kr-form]");
    if (!form || forms[form.dataset.krForm] === UNDER_WAY) return;
    if (!forms[form.dataset.krForm] && stepOf(form) === 1) tell(form, "start");
    progress(form, UNDER_WAY);
  };

  // The browser names every invalid field of one attempt; one error is enough.
  let erring;
  const onInvalid = (event) => {
    const form = closest(event, "form[data-kr-form]");
    if (!form || erring) return;
    erring = setTimeout(() => (erring = 0));
    tell(form, "error");
  };

  const onSubmit = (event) => {
    const form = event.target;
    if (form.matches("[data-kr-feedback]")) return onFeedback(event);
    if (!form.matches("[data-kr-form]")) return;
    if (event.defaultPrevented && invalid(form)) return tell(form, "error"); // the site's own check refused it
    submitted[form.dataset.krForm] = true;
    if (!form.matches("[data-kr-last]")) return;
    tell(form, "submit");
    progress(form, DONE);
  };

  const onFeedback = (event) => {
    const mark = parseInt((event.submitter || {}).value, 10);
    if (![-1, 0, 1].includes(mark) || consented === SILENT) return; // the form posts to the site instead
    const form = event.target;
    event.preventDefault();
    record("feedback", { h: mark });
    const thanks = form.querySelector("[data-kr-thanks]") || doc.querySelector("[data-kr-thanks]");
    if (!thanks) return;
    thanks.hidden = false;
    thanks.tabIndex = -1;
    thanks.focus(); // the button that had it goes away
    if (form.contains(thanks)) form.querySelectorAll("button").forEach((button) => (button.hidden = true));
    else form.hidden = true;
  };

  const onClick = (event) => {
    const link = closest(event, "a[href]");
    const marked = closest(event, "[data-kr-contact]");
    const scheme = link && link.protocol;
    const channel = marked ? marked.dataset.krContact : { "tel:": "tel", "mailto:": "mail" }[scheme];
    if (channel) return CHANNELS.test(channel) && record("contact", { c: channel });
    if (!/^https?:$/.test(scheme)) return;
    const elsewhere = link.host !== location.host;
    const to = clip((elsewhere ? link.host : "") + link.pathname, 500);
    const rank = whole(link.dataset.krRank, 1);
    const search = doc.querySelector("[data-kr-query]");
    if (rank) record("result", { q: search ? clip(search.dataset.krQuery, 300) : undefined, rank, to });
    else if (FILES.test(link.pathname)) record("file", { to });
    else if (elsewhere) record("link", { to });
  };

  const deepen = () => {
    const height = doc.documentElement.scrollHeight || 1;
    depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / height) * 100)));
  };

  const onVisibility = () => {
    if (doc.visibilityState === "hidden") rest();
    else visibleSince = visibleSince || performance.now();
  };

  const rest = () => {
    if (visibleSince) visibleMs += performance.now() - visibleSince;
    visibleSince = 0;
    if (visibleMs > toldMs) {
      toldMs = visibleMs;
      deepen();
      record("engage", { s: Math.min(86400, Math.round(visibleMs / 100) / 10), y: depth });
    }
    send();
  };

  const onPageHide = () => {
    doc.querySelectorAll("form[data-kr-form]").forEach((form) => {
      const name = form.dataset.krForm;
      if (forms[name] !== UNDER_WAY || submitted[name]) return;
      tell(form, "abandon");
      progress(form, ABANDONED);
    });
    rest();
  };

  window.klantreis = {
    consent: safely((granted) => {
      const was = consented;
      if (!granted) queue = [];
      consented = granted ? (isConsentId(was) ? was : randomId(22)) : SILENT;
      remember("localStorage", "kr_c", consented);
      if (granted && was === SILENT) begin();
    }),
  };

  const listen = (target, name, work) =>
    target.addEventListener(name, safely(work), { capture: target === doc, passive: name === "scroll" });
  listen(doc, "click", onClick);
  listen(doc, "auxclick", (event) => event.button === 1 && onClick(event)); // the middle button: a new tab
  listen(doc, "input", onInput);
  listen(doc, "invalid", onInvalid);
  listen(window, "submit", onSubmit); // after the site's own handlers, to see what they decided
  listen(doc, "scroll", deepen);
  listen(doc, "visibilitychange", onVisibility);
  listen(window, "pagehide", onPageHide);
  listen(window, "pageshow", (event) => event.persisted && begin()); // back out of the browser's memory

  // A page that the browser renders ahead is viewed only once it is shown.
  if (doc.prerendering) doc.addEventListener("prerenderingchange", safely(begin), { once: true });
  else safely(begin)();
})();
