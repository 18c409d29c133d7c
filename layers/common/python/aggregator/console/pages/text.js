// The words of the console, in the reader's language: the browser's, or the one that was chosen here.
import { ofBrowser } from "./storage.js";
import en from "./text/en.js";
import ru from "./text/ru.js";

export const LANGUAGES = { en: "English", ru: "Русский" };
const WORDS = { en, ru };
const chosen = { language: null };

export function language() {
  if (chosen.language) return chosen.language;
  const kept = ofBrowser.get("language");
  if (kept in WORDS) return kept;
  const [first = "en", ...others] = navigator.languages;
  return !first.startsWith("en") && [first, ...others].some((each) => each.startsWith("ru")) ? "ru" : "en";
}

export function choose(next) {
  chosen.language = next;
  ofBrowser.set("language", next);
  document.documentElement.lang = next;
}

// More words, which come with the views that need them.
export function learn(words) {
  for (const each of Object.keys(words)) Object.assign(WORDS[each], words[each]);
}

// The words for a name, with {parts} filled in. A name that has no words shows itself: a test finds it.
export function t(name, parts = {}) {
  const words = WORDS[language()][name] ?? WORDS.en[name] ?? name;
  return words.replace(/\{(\w+)\}/g, (_, part) => String(parts[part] ?? ""));
}
