/* SPDX-License-Identifier: EUPL-1.2
 *
 * call-code.js: shows the call code of this page view, for who is about to call.
 *
 *   <script src="/k.js" defer></script> <script src="/call-code.js" defer></script>
 *   <p hidden>Uw belcode is <strong data-kr-call-code></strong>. Noemt u die als u belt?</p>
 *
 * The digits go into the mark, and what was hidden around it is shown. Where nothing is measured (no k.js, no
 * consent, no storage) there is no code and all stays hidden. It sends and keeps nothing itself: the code is
 * made of the page view's random id, which k.js keeps for the next page of this tab. The collector's side
 * makes the same code of the same id: tracker/call_code.py.
 */
(() => {
  // FNV-1a, 32 bits; ids are letters, digits, - and _.
  const codeOf = (id) => {
    let found = 0x811c9dc5;
    for (const sign of id) found = Math.imul(found ^ sign.charCodeAt(0), 0x01000193);
    return String((found >>> 0) % 10000).padStart(4, "0");
  };

  const pageView = () => {
    try {
      return localStorage.kr_c === "-" ? "" : JSON.parse(sessionStorage.kr).o;
    } catch {
      return "";
    }
  };

  const show = () => {
    const id = !document.hidden && self.klantreis && pageView();
    if (!id) return;
    for (const mark of document.querySelectorAll("[data-kr-call-code]")) {
      mark.textContent = codeOf(id);
      mark.closest("[hidden]")?.removeAttribute("hidden");
    }
  };

  // Opened behind another tab, or back out of the browser's memory: k.js, which listens since before, has
  // then begun another page view. For how long an address must rest in an app, see k.js.
  show();
  addEventListener("pageshow", show);
  addEventListener("visibilitychange", show);
  addEventListener("popstate", () => setTimeout(show, 400));
})();
