// The words of the console, in the reader's language: the browser's, or the one that was chosen here.
import en from "./text/en.js";
import ru from "./text/ru.js";

export const LANGUAGES = { en: "English", ru: "Русский" };
const WORDS = { en, ru };
const chosen = { language: null };

export function language() {
  if (chosen.language) return chosen.language;
  const kept = localStorage.getItem("language");
  if (kept in WORDS) return kept;
  return navigator.languages.some((each) => each.startsWith("ru") && !navigator.languages[0].startsWith("en")) ? "ru" : "en";
}

export function choose(next) {
  chosen.language = next;
  localStorage.setItem("language", next);
  document.documentElement.lang = next;
}

// The words for a name, with {parts} filled in. A name that has no words shows itself: a test finds it.
export function t(name, parts = {}) {
  const words = WORDS[language()][name] ?? WORDS.en[name] ?? name;
  return words.replace(/\{(\w+)\}/g, (_, part) => String(parts[part] ?? ""));
}
