// Numbers, money and times as the reader's language and zone have them.
import { language } from "./text.js";

export const number = (value) => new Intl.NumberFormat(language()).format(value);

export const percent = (value) => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(value);

// Money comes as a decimal string, to the nano-dollar: never through a float where digits count.
export function usd(amount) {
  if (amount == null) return "–";
  const negative = String(amount).startsWith("-");
  const [whole, part = ""] = String(amount).replace("-", "").split(".");
  const cents = part.padEnd(2, "0");
  const grouped = new Intl.NumberFormat(language()).format(BigInt(whole));
  const mark = new Intl.NumberFormat(language()).format(1.5).charAt(1);
  return `${negative ? "−" : ""}${grouped}${mark}${cents} USD`;
}

export const time = (moment) =>
  moment == null ? "–" : new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date(moment));

export const day = (moment) => new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(moment));

export const seconds = (ms) =>
  ms == null ? "–" : ms < 1000 ? `${number(ms)} ms` : `${new Intl.NumberFormat(language(), { maximumFractionDigits: 2 }).format(ms / 1000)} s`;

export const startOfDay = (daysAgo = 0) => {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
};
