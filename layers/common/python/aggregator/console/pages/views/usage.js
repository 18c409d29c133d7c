// Usage: requests, tokens and cost by day and by model, key or provider; a plot and the same numbers as a table.
import { get } from "../api.js";
import { day, number, seconds, startOfDay, usd } from "../format.js";
import { html } from "../h.js";
import { change } from "../route.js";
import { t } from "../text.js";
import { Field, Loaded, Table, useLoaded } from "../ui.js";
import { Plot, points } from "./plot.js";

const RANGES = [1, 7, 30, 92];

export function Usage({ me, route }) {
  const days = RANGES.includes(Number(route.query.days)) ? Number(route.query.days) : 30;
  const by = ["model", "key", "provider"].includes(route.query.by) ? route.query.by : "model";
  const query = { userId: me.userId, from: startOfDay(days - 1).toISOString(), to: new Date().toISOString(), granularity: days > 1 ? "day" : "hour", groupBy: by };
  const loaded = useLoaded((signal) => get("/analytics/metrics", query, { signal }), [days, by]);
  return html`<h1>${t("usage")}</h1>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("range")}>
        <select value=${days} onChange=${(event) => change(route, { days: event.target.value })}>
          ${RANGES.map((each) => html`<option value=${each}>${t("lastDays", { days: each })}</option>`)}
        </select>
      <//>
      <${Field} label=${t("groupBy")}>
        <select value=${by} onChange=${(event) => change(route, { by: event.target.value })}>
          ${["model", "key", "provider"].map((each) => html`<option value=${each}>${t(each)}</option>`)}
        </select>
      <//>
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => data.totals.requests === 0} empty=${t("noUsage")}>
      ${(data) => html`
        <${Plot} title=${t("spendByDay")} unit="USD" points=${points(data)} />
        <${Table} caption=${t("totals")} columns=${columns(by)} rows=${data.groups.map((group) => ({ ...group, name: named(group, by), key: named(group, by) }))} />
        <h2>${t("byDay")}</h2>
        <${Table} caption=${t("byDay")} rows=${byDay(data, by)} columns=${[{ title: t("day"), of: (row) => (days > 1 ? day(row.start) : new Date(row.start).toLocaleTimeString()) }, ...columns(by)]} />
        <p><button onClick=${() => save(data, by)}>${t("asCsv")}</button></p>`}
    <//>`;
}

const named = (group, by) => group.key?.[by] ?? "–";

const columns = (by) => [
  { title: t(by), of: (row) => row.name },
  { title: t("requests"), number: true, of: (row) => number(row.requests) },
  { title: t("errors"), number: true, of: (row) => number(row.errors) },
  { title: t("tokensIn"), number: true, of: (row) => number(row.tokens.input) },
  { title: t("tokensOut"), number: true, of: (row) => number(row.tokens.output) },
  { title: t("latency50"), number: true, of: (row) => seconds(row.latencyMs?.p50) },
  { title: t("cost"), number: true, of: (row) => usd(row.cost) },
];

const byDay = (data, by) =>
  data.series.flatMap((each) => each.groups.filter((group) => group.requests).map((group) => ({ ...group, start: each.start, name: named(group, by), key: `${each.start} ${named(group, by)}` }))).reverse();

function save(data, by) {
  const lines = [["start", by, "requests", "errors", "inputTokens", "outputTokens", "costUsd"]];
  for (const row of byDay(data, by)) lines.push([row.start, row.name, row.requests, row.errors, row.tokens.input, row.tokens.output, row.cost]);
  download("usage.csv", lines.map((line) => line.map(cell).join(",")).join("\r\n"));
}

// As a spreadsheet takes it for text: quotes doubled, and nothing that begins like a formula.
const cell = (value) => `"${String(value).replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
