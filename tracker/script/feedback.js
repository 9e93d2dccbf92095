/* SPDX-License-Identifier: EUPL-1.2
 *
 * feedback.js: asks whether a page helped. k.js loads it where a page has the mark:
 *
 *   <div data-kr-feedback></div>      the question, in the language of the page
 *   <form data-kr-feedback>…</form>   a form of your own, with buttons of value 1, 0 and -1; it goes on
 *                                     posting to your site where there is no script or no consent
 *
 * It has no style of its own: the classes are klantreis-feedback, -question, -answer and -thanks.
 */
const WORDS = {
  nl: {
    question: "Hebt u gevonden wat u zocht?",
    answers: { 1: "Ja", 0: "Gedeeltelijk", "-1": "Nee" },
    thanks: "Bedankt voor uw antwoord.",
  },
  en: {
    question: "Did you find what you were looking for?",
    answers: { 1: "Yes", 0: "Partly", "-1": "No" },
    thanks: "Thank you for your answer.",
  },
};
const MARK = "[data-kr-feedback]";

const made = (name, className, text) => {
  const element = document.createElement(name);
  element.className = `klantreis-feedback-${className}`;
  element.textContent = text;
  return element;
};

/** The question in an empty mark; a fieldset, so that assistive technology reads it with each answer. */
const ask = (place) => {
  const language = place.closest("[lang]")?.lang.toLowerCase().startsWith("nl") ? "nl" : "en";
  const words = WORDS[language];
  const form = document.createElement("form");
  const fieldset = document.createElement("fieldset");
  form.className = "klantreis-feedback";
  form.lang = language;
  fieldset.append(made("legend", "question", words.question));
  for (const value of [1, 0, -1]) {
    const button = made("button", "answer", words.answers[value]);
    button.value = value;
    fieldset.append(button, " ");
  }
  const thanks = made("p", "thanks", words.thanks);
  thanks.dataset.krThanks = "";
  thanks.setAttribute("role", "status");
  thanks.hidden = true;
  form.append(fieldset, thanks);
  place.append(form);
};

const askEverywhere = () => {
  for (const place of document.querySelectorAll(`${MARK}:not(form):empty`)) ask(place);
};

/** Whether this browser refused to be measured after the page was loaded. */
const refused = () => {
  try {
    return localStorage.kr_c === "-";
  } catch {
    return false;
  }
};

/** The thanks take the focus, since the button that had it goes away. */
const thank = (form) => {
  const thanks = form.querySelector("[data-kr-thanks]") ?? document.querySelector("[data-kr-thanks]");
  if (!thanks) return;
  thanks.hidden = false;
  thanks.tabIndex = -1;
  thanks.focus();
  if (!form.contains(thanks)) form.hidden = true;
  for (const part of form.querySelectorAll("fieldset, button")) part.hidden = true;
};

addEventListener("submit", (event) => {
  const form = event.target;
  const ours = form.matches(`${MARK} > .klantreis-feedback`);
  const mark = Number.parseInt(event.submitter?.value, 10);
  if (ours) event.preventDefault();
  else if (!form.matches(MARK) || refused()) return;
  if (![-1, 0, 1].includes(mark)) return;
  event.preventDefault();
  if (!refused()) self.klantreis.tell("feedback", { h: mark });
  thank(form);
});

askEverywhere();
// An app draws its next page without loading this file again.
new MutationObserver(askEverywhere).observe(document.body, { childList: true, subtree: true });
