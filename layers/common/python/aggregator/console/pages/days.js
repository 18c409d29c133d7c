// What metrics say by the hour, as days of the reader's zone; and the most spent-on groups, for a plot.
import { startOf, startOfDay } from "./format.js";
import { sum } from "./money.js";

export const RANGES = [1, 7, 30, 92];
const MOST_HOURS = 31 * 86_400_000;

const COUNTS = ["requests", "errors"];
const TOKENS = ["input", "cachedInput", "output"];

// The range that an address names: dates, or so many days up to now. Hours are added up to days of the reader's zone;
// where they are too many for one answer, days are UTC's.
export function rangeOf({ days, from, to }, now = new Date()) {
  const chosen = RANGES.includes(Number(days)) ? Number(days) : 30;
  const begins = startOf(from) || startOfDay(chosen - 1, now).toISOString();
  const ends = startOf(to, 1) || now.toISOString();
  const utc = Date.parse(ends) - Date.parse(begins) > MOST_HOURS;
  const dated = Boolean(from || to);
  const step = chosen === 1 && !dated ? "hour" : "day";
  return { from: begins, to: ends, granularity: utc ? "day" : "hour", chosen: dated ? "" : chosen, step, utc };
}

// The day of a moment, as the moment at which it begins in the reader's zone.
const dayOf = (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

const keyOf = (group) => JSON.stringify(group.key ?? {});

// Series of hours as [{start, groups}], a day of the reader's zone each, also those in which nothing was asked.
export function localDays({ from, to, series }) {
  const days = new Map();
  for (let at = new Date(dayOf(new Date(from))); at < new Date(to); ) {
    days.set(at.getTime(), new Map());
    at = new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
  }
  for (const { start, groups } of series) {
    const day = days.get(dayOf(new Date(start)));
    for (const group of groups) day.set(keyOf(group), added(day.get(keyOf(group)), group));
  }
  return [...days].map(([start, groups]) => ({ start, groups: [...groups.values()] }));
}

// Series of hours or of UTC's days as they are, with those between in which nothing was asked.
export function steps({ from, to, granularity, series }) {
  const step = granularity === "hour" ? 3_600_000 : 86_400_000;
  const known = new Map(series.map((each) => [Date.parse(each.start), each.groups]));
  const found = [];
  for (let at = Math.floor(Date.parse(from) / step) * step; at < Date.parse(to); at += step) {
    found.push({ start: at, groups: known.get(at) ?? [] });
  }
  return found;
}

// Two groups as one; percentiles are left out, for they cannot be added.
export function added(one, other) {
  const total = { key: other.key, cost: one ? sum([one.cost, other.cost]) : other.cost, tokens: {} };
  for (const name of COUNTS) total[name] = (one?.[name] ?? 0) + other[name];
  for (const name of TOKENS) total.tokens[name] = (one?.tokens[name] ?? 0) + other.tokens[name];
  return total;
}

export const MEASURES = {
  cost: (group) => Number(group.cost),
  requests: (group) => group.requests,
  errors: (group) => group.errors,
  tokens: (group) => group.tokens.input + group.tokens.output,
};

// The names of the groups with the most of a measure, the first the most, as many as have a colour; then the rest.
export function leaders(days, measure, nameOf, most) {
  const totals = new Map();
  for (const { groups } of days) {
    for (const group of groups) {
      const name = nameOf(group);
      totals.set(name, (totals.get(name) ?? 0) + MEASURES[measure](group));
    }
  }
  const names = [...totals].sort(([, one], [, other]) => other - one).map(([name]) => name);
  return { shown: names.slice(0, most), rest: names.slice(most) };
}

// For each of `names` the values over the days, each stacked on those before it: what a plot of bars draws.
export function stacked(days, measure, nameOf, { shown, rest }) {
  const hidden = new Set(rest);
  const bars = rest.length ? [...shown, null] : shown;
  const heights = days.map(() => 0);
  return bars.map((name) =>
    days.map(({ groups }, at) => {
      for (const group of groups) {
        const its = nameOf(group);
        if (name === null ? hidden.has(its) : its === name) heights[at] += MEASURES[measure](group);
      }
      return heights[at];
    }),
  );
}

// All of some days together, as one row.
export function totalOf(days) {
  const groups = days.flatMap((each) => each.groups);
  const none = { cost: "0.00", requests: 0, errors: 0, tokens: { input: 0, cachedInput: 0, output: 0 } };
  return groups.reduce((total, group) => added(total, group), none);
}

