/* SPDX-License-Identifier: EUPL-1.2
 *
 * k.js: tells the collector what a visitor does on this page, in wire format 1. See docs/script.md.
 *
 *   <script src="/k.js" defer data-b="417" data-x="zwerfvuil=redesign" data-f="zwerfvuil"></script>
 *
 * What is served is ../k.js, which `make script` makes of this file: 2,048 bytes at most when gzipped. Hence
 * its shape: names as on the wire, whatever fails ends in `safely`, and the order of the functions is the one
 * that compresses best.
 *
 * It reads what the page's author marked (data-kr-...), never what a visitor types. It sets no cookie.
 * The tab remembers (sessionStorage.kr): o the page view before, s forms by name (their step while under way,
 * else 0), q beacons to send again, w the moment before which nothing is sent, f… experiments told as first.
 * The browser remembers (localStorage): kr_c the consented id or "-", kr_o the page view last in front.
 */
(() => {
  const doc = document;
  const root = doc.documentElement;
  if (self.klantreis) return;

  // A page must not notice us: whatever goes wrong in here ends here.
  const safely = (work) => (event) => {
    try {
      work(event);
    } catch {}
  };

  self.klantreis = {
    tell: (kind, fields) => safely(() => record(kind, fields))(),
    consent: safely((granted) => {
      consented = granted ? head.c || randomId(22) : "-";
      safely(() => (localStorage.kr_c = consented))();
      head.c = consented;
      if (granted) show();
      else {
        head = 0;
        tab.q = [];
        delete sessionStorage.kr;
      }
    }),
  };
  // Nothing below comes to be for who opted out, so that both calls above end in `safely`.
  if (navigator.globalPrivacyControl || navigator.doNotTrack == 1) return;

  const { dataset: given, src } = doc.currentScript;
  const now = Date.now;
  const tab = { q: [], s: {} };
  // What all events of this page view share, in the fields of the wire; 0 while nothing is measured.
  let head = 0;
  let count, query, consented, visibleMs, visibleSince, depth, hit, hits, html, wrong;

  const click = (event) => {
    if (event.button > 1) return;
    hits = hit == (hit = event.target) ? hits + 1 : 1;
    later(judge, 1e3);
    const link = event.target.closest("a[href]");
    const c = /^(tel|mail|chat|appointment|counter)/.exec(
      event.target.closest("[data-kr-contact]")?.dataset.krContact || link,
    )?.[0];
    if (c) record("contact", { c });
    else if (event.target.closest("button,:not(a)[role=button],[href='#']")) html = root.outerHTML;
    else if (/^http/.test(link)) {
      const to = link.origin == location.origin ? link.pathname : link.host + link.pathname;
      const rank = +link.dataset.krRank;
      if (rank) record("result", { q: query, rank, to });
      else if (/\.(?!htm|php|asp)[a-z]\w\w\w?$/i.test(to)) record("file", { to });
      else if (to[0] != "/") record("link", { to });
    }
  };

  const marked = (name) => doc.querySelectorAll(`[data-kr-${name}]`);

  const randomId = (length) => (length ? randomId(length - 1) + Math.random().toString(36)[2] : "");

  // `d` is the moment of the event until it is sent, then the delay.
  const record = (k, fields) => {
    if (head.e.push({ i: count++, k, d: now(), ...fields }) > 19) send();
    later(send, 1e3);
  };

  const send = safely(() => {
    if (head.e[0]) tab.q.push({ ...head, e: head.e.splice(0) });
    if (tab.w > now()) later(send, tab.w - now());
    else tab.q.splice(0).forEach(post);
    tab.q = tab.q.slice(-20);
    sessionStorage.kr = JSON.stringify(tab);
  });

  const begin = (r) => {
    if (consented == "-") return;
    head = {
      e: [],
      v: 1,
      p: randomId(12),
      o: tab.o,
      u: here(),
      r,
      c: consented,
      l: /^\w\w\w?\b/.exec(root.lang)?.[0],
      w: innerWidth < 640 ? "s" : innerWidth < 1024 ? "m" : "l",
    };
    // A browser that did not keep the server's cookie would be met for the first time on every page.
    if (/\bkr_b=(\d+)|$/.exec(doc.cookie)[1] == given.b) {
      head.b = given.b && +given.b;
      if (given.x) head.x = Object.fromEntries(given.x.split(",").map((pair) => pair.split("=")));
      // A page out of the browser's cache says "first" again, though this tab has told it.
      tab["f" + given.f] ||= head.f = given.f?.split(",");
    }
    tab.o = head.p;
    count = visibleMs = depth = visibleSince = 0;
    record("view", { t: doc.title.slice(0, 900) });
    query = marked("query")[0]?.dataset.krQuery;
    query ||
      (given.q || "q,zoek,zoekterm,query,search")
        .split(",")
        .find((name) => (query = new URL(head.u).searchParams.get(name)));
    if (query)
      record("search", {
        q: (query = query.slice(0, 900)),
        n: +marked("results")[0]?.dataset.krResults,
        a: marked("answer")[0] && true,
      });
    marked("goal").forEach(({ dataset: { krGoal } }) => krGoal && record("goal", { g: krGoal }));
    marked("form").forEach((form) => {
      if (form.dataset.krStep > 1) tell(form, "step", 1);
      if (form.querySelector("[aria-invalid=true]")) tell(form, "error", 1);
    });
    if (marked("feedback")[0]) import("./feedback.js").catch(() => {});
    send();
    show();
  };

  // A page that is rendered ahead, or opened in a tab behind this one, is viewed once it is in front. A new
  // tab that a page of this site opened was reached from the page last in front.
  const show = () => {
    if (doc.hidden) rest();
    else if (head) {
      visibleSince ||= now();
      localStorage.kr_o = head.p;
    } else {
      safely(() => {
        consented = localStorage.kr_c || consented;
        if (doc.referrer.match("//" + location.host)) tab.o = localStorage.kr_o;
        Object.assign(tab, JSON.parse(sessionStorage.kr));
      })();
      begin(doc.referrer);
    }
  };

  const rest = () => {
    judge();
    if (visibleSince) {
      visibleMs += now() - visibleSince;
      visibleSince = 0;
      deepen();
      record("engage", { s: Math.min(visibleMs / 1e3, 86400), y: Math.min(depth, 100) | 0 });
    }
    send();
  };

  // After 429, 503 or no answer a beacon waits for what the collector asks and for as long as its first event
  // is old, so twice as long each time; after an hour it is given up. It keeps its p and i.
  const post = (batch) => {
    if (now() - batch.e[0].d < 36e5)
      fetch(given.to || new URL("/e", src), {
        method: "POST", // a string goes as text/plain, which needs no preflight
        body: JSON.stringify(batch, (key, value) =>
          key == "d" && value > 0 ? Math.max(0, now() - value) : value,
        ),
        keepalive: true,
      })
        .then((answer) => {
          if (/429|503/.test(answer.status)) throw answer.headers.get("Retry-After");
        })
        .catch((seconds) => {
          if (head) tab.q.push(batch);
          tab.w = now() + now() - batch.e[0].d + (1e3 * seconds || 1e3);
          send();
        });
  };

  const refused = () => tell(wrong, "error");

  // A route in the hash counts as path: /loket/#/stap-2 is /loket/stap-2.
  const here = () => location.href.replace(/\/?#\//, "/").replace(/#.*/, "").slice(0, 900);

  // A second after the last click: three on one thing are rage, but not to select a paragraph; a control is
  // dead where nothing followed, neither another event (html = 0) nor a change of the page.
  const judge = () => {
    const c = hits > 2 ? getSelection() == "" && "rage" : html == root.outerHTML && "dead";
    hits = 0;
    if (c) record("friction", { c });
  };

  // An action that is no text is not told; `active` 1 or 0 says whether leaving now would be abandoning it.
  const tell = (form, a, active) => {
    const f = form.dataset.krForm;
    const n = +form.dataset.krStep || 1;
    if (!f) return;
    if (a[0]) record("form", { f, a, n });
    if (active + 1) tab.s[f] = n * active;
  };

  const moved = () => {
    if (here() == head.u) return;
    leave();
    begin(head.u);
  };

  const leave = () => {
    for (const f in tab.s) {
      if (tab.s[f]) record("form", { f, a: "abandon", n: tab.s[f] });
      tab.s[f] = 0;
    }
    rest();
  };

  const later = (work, ms) => {
    clearTimeout(work.t);
    work.t = setTimeout(safely(work), ms);
  };

  const deepen = () => {
    if (here() == head.u) depth = Math.max(depth, (100 * (scrollY + innerHeight)) / root.scrollHeight);
  };

  const react = {
    click,
    auxclick: click, // the middle button: a new tab
    input(event, form) {
      tell(form, tab.s[form.dataset.krForm] ?? "start", 1);
    },
    invalid(event, form) {
      wrong = form; // the browser names every invalid field of one attempt; one error is enough
      later(refused);
    },
    submit(event, form) {
      if (event.defaultPrevented && form.querySelector("[aria-invalid=true]")) tell(form, "error");
      else tell(form, form.dataset.krLast == "" && "submit", 0);
    },
    scroll: deepen,
    visibilitychange: show,
    pageshow: show,
    pagehide() {
      leave();
      head = 0; // the next page begins anew, also this one out of the browser's memory
    },
    popstate: () => later(moved, 300),
  };
  for (const name in react)
    addEventListener(
      name,
      safely((event) => {
        html = name == "popstate" && html;
        react[name](event, event.target.closest?.("form"));
      }),
      name != "submit", // after the site's own handlers, to see what they decided
    );
  // Within an app: once the address has been still for a moment, and the page has been drawn.
  ["pushState", "replaceState"].forEach((name) => {
    const own = history[name];
    history[name] = (...args) => {
      own.apply(history, args);
      later(moved, 300);
    };
  });

  safely(show)();
})();
