// Numbers, money and times as the reader's language and zone have them.
import { language } from "./text.js";

const written = (value, options) => new Intl.NumberFormat(language(), options).format(value);

export const number = (value) => (value == null ? "–" : written(value));

export const percent = (value) => written(value, { style: "percent", maximumFractionDigits: 1 });

// Money comes as a decimal string, to the nano-dollar: never through a float where digits count.
export function usd(amount) {
  if (amount == null) return "–";
  const negative = String(amount).startsWith("-");
  const [whole, part = ""] = String(amount).replace("-", "").split(".");
  const mark = written(1.5).charAt(1);
  return `${negative ? "−" : ""}${written(BigInt(whole))}${mark}${part.padEnd(2, "0")} USD`;
}

// About so much: three digits that count. For what is not known to the last digit.
export const roughly = (amount) => `≈ ${written(amount, { maximumSignificantDigits: 3 })} USD`;

const moment = (at, options) => new Intl.DateTimeFormat(language(), options).format(new Date(at));

export const time = (at) => (at == null ? "–" : moment(at, { dateStyle: "medium", timeStyle: "medium" }));

export const day = (at, timeZone) => moment(at, { dateStyle: "medium", timeZone });

export const hour = (at) => moment(at, { dateStyle: "short", timeStyle: "short" });

// A number and its unit with a narrow space between them, which does not break; some languages write none.
function measured(value, unit, options = {}) {
  const said = { style: "unit", unitDisplay: "narrow", unit, ...options };
  const parts = new Intl.NumberFormat(language(), said).formatToParts(value).filter((part) => part.type !== "literal");
  return parts.map((part) => (part.type === "unit" ? `\u202f${part.value}` : part.value)).join("");
}

export function seconds(ms) {
  if (ms == null) return "–";
  return ms < 1000 ? measured(ms, "millisecond") : measured(ms / 1000, "second", { maximumFractionDigits: 2 });
}

// The reader's own zone, by its name: said where days are counted in it.
export const zone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

// The midnight with which a day of the reader's zone begins.
export function startOfDay(daysAgo = 0, now = new Date()) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
}

// A day of a date field, `2026-11-28`, as the moment at which it begins; `days` later if said. Empty stays empty.
export function startOf(date, days = 0) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date || "")) return "";
  const [year, month, dayOfMonth] = date.split("-").map(Number);
  return new Date(year, month - 1, dayOfMonth + days).toISOString();
}
