// One model to the last field: its routes, every version of its price, and a new one from a moment on.
import { get } from "../../api.js";
import { number, time, usd } from "../../format.js";
import { html } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Loaded, Table, useLoaded } from "../../ui.js";
import { NewPrice, TAKEN_OVER } from "./price.js";

export const RATES = [
  "input",
  "output",
  "cachedInput",
  "cacheWrite",
  "cacheWriteHour",
  "reasoning",
  "image",
  "request",
];
const SHOWN_ELSEWHERE = new Set(["id", "displayName", "routes", "prices", "capabilities"]);

export function Model({ id }) {
  const loaded = useLoaded((signal) => get(`/orchestrator/models/${encodeURIComponent(id)}`, {}, { signal }), []);
  return html`<p><a href=${to("catalogue")}>← ${t("catalogue")}</a></p>
    <h1>${id}</h1>
    <${Loaded} loaded=${loaded}>${({ entry, version }) => html`
      <dl class="facts">
        <dt>${t("name")}</dt><dd>${entry.displayName || "–"}</dd>
        <dt>${t("abilities")}</dt><dd>${entry.capabilities.join(", ")}</dd>
        ${Object.entries(entry)
          .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
          .map(([name, value]) => html`<dt>${name}</dt><dd>${plain(value)}</dd>`)}
        <dt>${t("catalogueVersion")}</dt><dd>${number(version)}</dd>
      </dl>
      <h2>${t("routes")}</h2>
      <${Table}
        caption=${t("routes")}
        columns=${routeColumns()}
        rows=${entry.routes.map((route) => ({ ...route, key: `${route.provider}/${route.upstreamModel}` }))}
      />
      <h2>${t("prices")}</h2>
      <${Prices} caption=${t("prices")} prices=${entry.prices || []} />
      ${entry.routes
        .filter((route) => route.prices?.length)
        .map(
          (route) => html`<h3>${t("pricesOf", { provider: route.provider })}</h3>
        <${Prices} caption=${t("pricesOf", { provider: route.provider })} prices=${route.prices} />`,
        )}
      <${NewPrice}
        key=${version}
        id=${id}
        version=${version}
        prices=${entry.prices || []}
        ofRoutes=${entry.routes.filter((route) => route.prices?.length).map((route) => route.provider)}
        done=${loaded.again}
      />`}
    <//>`;
}

const saidOf = (part) => (Array.isArray(part) ? number(part.length) : Object.keys(part).join(", "));

const plain = (value) =>
  value !== null && typeof value === "object"
    ? JSON.stringify(value)
    : typeof value === "number"
      ? number(value)
      : String(value);

const routeColumns = () => [
  { title: t("provider"), of: (route) => html`<a href=${to("providers", {}, route.provider)}>${route.provider}</a>` },
  { title: t("upstreamModel"), of: (route) => html`<code>${route.upstreamModel}</code>` },
  { title: t("order"), number: true, of: (route) => number(route.order) },
  { title: t("weight"), number: true, of: (route) => number(route.weight) },
];

function Prices({ caption, prices }) {
  if (!prices.length) return html`<p class="empty">${t("noPrices")}</p>`;
  const inForce = priceAt(prices, Date.now());
  const rows = [...prices]
    .sort((one, other) => other.effectiveAt.localeCompare(one.effectiveAt))
    .map((price) => ({ ...price, key: price.version }));
  const columns = [
    {
      title: t("priceVersion"),
      of: (price) =>
        html`${price.version}
          ${price.version === inForce?.version ? html` <strong class="good">${t("inForce")}</strong>` : ""}`,
    },
    {
      title: t("from"),
      of: (price) => (price.effectiveAt.startsWith("1970") ? t("fromTheStart") : time(price.effectiveAt)),
    },
    { title: t("priceIn"), number: true, of: (price) => usd(price.input) },
    { title: t("priceOut"), number: true, of: (price) => usd(price.output) },
    {
      title: t("besides"),
      of: (price) =>
        html`${RATES.slice(2)
          .filter((rate) => price[rate] != null)
          .map(
            (rate) => html`<div>${t(`rate_${rate}`)}: ${usd(price[rate])}</div>`,
          )}${TAKEN_OVER.filter((part) => price[part]).map(
            (part) => html`<div>${t(`price_${part}`)}: ${saidOf(price[part])}</div>`,
          )}`,
    },
  ];
  return html`<${Table} caption=${caption} columns=${columns} rows=${rows} />`;
}

// The version that holds at a moment: of those in effect, the one that came last.
export const priceAt = (prices, at) =>
  prices
    .filter((price) => Date.parse(price.effectiveAt) <= at)
    .reduce(
      (last, price) => (!last || Date.parse(price.effectiveAt) >= Date.parse(last.effectiveAt) ? price : last),
      null,
    );
