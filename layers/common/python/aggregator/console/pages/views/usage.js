// Usage: requests, tokens and cost by day and by model, key or provider; a plot and the same numbers as a table.
import { get } from "../api.js";
import { csv, download } from "../csv.js";
import { localDays, rangeOf, RANGES, steps, totalOf } from "../days.js";
import { day, hour, number, seconds, usd, zone } from "../format.js";
import { html } from "../h.js";
import { change } from "../route.js";
import { t } from "../text.js";
import { Choice, Field, Loaded, Table, useLoaded } from "../ui.js";
import { useKeyNames } from "./keynames.js";
import { Plot } from "./plot.js";

const GROUPS = ["model", "key", "provider"];
const PLOTTED = { cost: "USD", requests: "", tokens: "", errors: "" };

export function Usage({ me, route }) {
  const range = rangeOf(route.query);
  const by = GROUPS.includes(route.query.by) ? route.query.by : "model";
  const measure = route.query.of in PLOTTED ? route.query.of : "cost";
  const { from, to, granularity } = range;
  const query = { userId: me.userId, from, to, granularity, groupBy: by };
  const asked = [route.query.days, route.query.from, route.query.to, by];
  const loaded = useLoaded((signal) => get("/analytics/metrics", query, { signal }), asked);
  const nameOf = useNames(me, by);
  return html`<h1>${t("usage")}</h1>
    <${Filters} route=${route} range=${range} by=${by} measure=${measure} />
    <${Loaded} loaded=${loaded} shape="plot" isEmpty=${(data) => !data.totals.requests} empty=${t("noUsage")}>
      ${(data) => html`<${Numbers} data=${data} range=${range} by=${by} measure=${measure} nameOf=${nameOf} />`}
    <//>`;
}

function useNames(me, by) {
  const names = useKeyNames(me, by === "key");
  return (group) => {
    const id = group.key?.[by === "key" ? "keyId" : by] ?? "–";
    return by === "key" && names.has(id) ? `${names.get(id)} (${id})` : id;
  };
}

function Filters({ route, range, by, measure }) {
  const set = (name) => (value) => change(route, { [name]: value });
  const presets = RANGES.map((each) => [each, t("lastDays", { days: each })]);
  const ranges = range.chosen ? presets : [["", t("datesBelow")], ...presets];
  const date = (name) => (event) => change(route, { [name]: event.target.value, days: "" });
  return html`<form class="filters" onSubmit=${(event) => event.preventDefault()}>
    <${Choice} label=${t("range")} value=${range.chosen} options=${ranges}
      pick=${(days) => change(route, { days, from: "", to: "" })} />
    <${Field} label=${t("from")}><input type="date" value=${route.query.from || ""} onChange=${date("from")} /><//>
    <${Field} label=${t("until")}><input type="date" value=${route.query.to || ""} onChange=${date("to")} /><//>
    <${Choice} label=${t("groupBy")} value=${by} options=${GROUPS.map((each) => [each, t(each)])} pick=${set("by")} />
    <${Choice} label=${t("plotted")} value=${measure} pick=${set("of")}
      options=${Object.keys(PLOTTED).map((each) => [each, t(each)])} />
  </form>`;
}

function Numbers({ data, range, by, measure, nameOf }) {
  const days = range.utc || range.step === "hour" ? steps(data) : localDays(data);
  const written = (at) => (range.step === "hour" ? hour(at) : day(at, range.utc ? "UTC" : undefined));
  const groups = [...data.groups].sort((one, other) => Number(other.cost) - Number(one.cost));
  const totals = groups.map((group) => ({ ...group, name: nameOf(group), key: nameOf(group) }));
  const sum = { ...data.totals, name: t("allTogether"), key: "", kind: "sum" };
  const first = { title: t(range.step), of: (row) => written(row.start) };
  return html`
    <${Plot} title=${t(measure)} unit=${PLOTTED[measure] || t("byStep", { step: t(range.step) })} days=${days}
      measure=${measure} nameOf=${nameOf} utc=${range.utc} />
    <h2>${t("totals")}</h2>
    <${Table} caption=${t("totals")} rows=${[...totals, sum]} columns=${[...columns(by), ...latencies()]} />
    <h2>${t(range.step === "hour" ? "byHour" : "byDay")}</h2>
    <p class="quiet">${range.utc ? t("daysOfUtc") : t("daysOfZone", { zone: zone() })}</p>
    <p><button type="button" onClick=${() => save(days, by, nameOf)}>${t("asCsv")}</button></p>
    <${Table} caption=${t("byDay")} rows=${rowsOf(days, nameOf)} columns=${[first, ...columns(by)]} />`;
}

const columns = (by) => [
  { title: t(by), of: (row) => row.name },
  { title: t("requests"), number: true, of: (row) => number(row.requests) },
  { title: t("errors"), number: true, of: (row) => number(row.errors) },
  { title: t("tokensIn"), number: true, of: (row) => number(row.tokens.input) },
  { title: t("tokensOut"), number: true, of: (row) => number(row.tokens.output) },
  { title: t("cost"), number: true, of: (row) => usd(row.cost) },
];

const latencies = () => [
  { title: t("latency50"), number: true, of: (row) => seconds(row.latencyMs?.p50) },
  { title: t("latency95"), number: true, of: (row) => seconds(row.latencyMs?.p95) },
];

// A row for each day and group, the newest day first, and before them what the day comes to.
function rowsOf(days, nameOf) {
  const used = [...days].reverse().filter(({ groups }) => groups.some((group) => group.requests));
  return used.flatMap(({ start, groups }) => {
    const rows = groups.map((group) => ({ ...group, start, name: nameOf(group), key: `${start} ${nameOf(group)}` }));
    if (rows.length === 1) return rows;
    return [{ ...totalOf([{ groups }]), start, name: t("allTogether"), key: start, kind: "sum" }, ...rows];
  });
}

function save(days, by, nameOf) {
  const lines = [["start", by, "requests", "errors", "inputTokens", "cachedInputTokens", "outputTokens", "costUsd"]];
  for (const { start, groups } of days) {
    for (const { requests, errors, tokens, cost, key } of groups) {
      const { input, cachedInput, output } = tokens;
      lines.push([new Date(start).toISOString(), nameOf({ key }), requests, errors, input, cachedInput, output, cost]);
    }
  }
  download("usage.csv", csv(lines));
}
