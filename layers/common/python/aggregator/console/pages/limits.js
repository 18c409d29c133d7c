// Limits of a key or a plan as a reader has them: those that are set, in words.
import { number, usd } from "./format.js";
import { LIMITS, MONEY } from "./keyform.js";
import { t } from "./text.js";

export function limitsOf({ limits }) {
  const set = LIMITS.filter((name) => limits[name] != null);
  return set.map((name) => `${t(name)}: ${MONEY.has(name) ? usd(limits[name]) : number(limits[name])}`);
}
