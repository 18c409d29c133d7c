// Models: what there is, what it costs with this key, what it can, and how to ask for it.
import { get, SERVER } from "../api.js";
import { number, usd } from "../format.js";
import { html } from "../h.js";
import { change, to } from "../route.js";
import { curl, embeddings, python } from "../snippets.js";
import { t } from "../text.js";
import { Choice, Copy, Field, Loaded, Table, useLoaded } from "../ui.js";

const ORDERS = {
  "": null,
  name: (one, other) => one.id.localeCompare(other.id),
  input: (one, other) => Number(one.prices?.input) - Number(other.prices?.input),
  output: (one, other) => Number(one.prices?.output) - Number(other.prices?.output),
  context: (one, other) => other.contextWindow - one.contextWindow,
};

export function Models({ me, route }) {
  const loaded = useLoaded((signal) => get("/orchestrator/models", {}, { signal }), []);
  if (!route.id) {
    return html`<h1>${t("models")}</h1>
      <${Loaded} loaded=${loaded}>${(data) => html`<${Catalogue} data=${data} route=${route} />`}<//>`;
  }
  return html`<p><a href=${to("models", route.query)}>← ${t("models")}</a></p>
    <${Loaded} loaded=${loaded} shape="card">${(data) => {
      const named = (name) => data.aliases[name]?.model ?? data.aliases[name] ?? name;
      const model = data.models.find((each) => each.id === named(route.id));
      const aliases = Object.keys(data.aliases).filter((name) => named(name) === model?.id);
      return model
        ? html`<${One} key=${model.id} model=${model} me=${me} aliases=${aliases} />`
        : html`<h1>${t("model")}</h1><p class="empty">${t("noSuchModel", { model: route.id })}</p>`;
    }}<//>`;
}

function Catalogue({ data, route }) {
  const { q = "", can = "", order = "" } = route.query;
  const seek = (event) => change(route, { q: event.target.value });
  const found = data.models.filter((model) => fits(model, q, can));
  if (ORDERS[order]) found.sort(ORDERS[order]);
  const abilities = [...new Set(data.models.flatMap((model) => model.capabilities))].sort();
  return html`
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("search")}>
        <input type="search" value=${q} onInput=${seek} placeholder="claude vision" />
      <//>
      <${Choice} label=${t("can")} value=${can} pick=${(each) => change(route, { can: each })}
        options=${[["", t("any")], ...abilities.map((each) => [each, each])]} />
      <${Choice} label=${t("order")} value=${order} pick=${(each) => change(route, { order: each })}
        options=${Object.keys(ORDERS).map((each) => [each, t(`order_${each || "catalogue"}`)])} />
    </form>
    <p class="quiet" role="status">
      ${t("modelsFound", { count: number(found.length), all: number(data.models.length) })}
    </p>
    ${found.length
      ? html`<${Table} caption=${t("models")} columns=${columns(route)}
          rows=${found.map((model) => ({ ...model, key: model.id }))} />`
      : html`<p class="empty">${t("noSuchModels")}</p>`}`;
}

function fits(model, q, can) {
  const said = [model.id, model.displayName, ...model.capabilities, ...providersOf(model)].join(" ").toLowerCase();
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => said.includes(word)) && (!can || model.capabilities.includes(can));
}

const providersOf = (model) => [...new Set(model.routes.map((each) => each.provider))];

const columns = (route) => [
  { title: t("model"), of: (model) => html`<a href=${to("models", route.query, model.id)}>${model.id}</a>` },
  { title: t("priceIn"), number: true, of: (model) => usd(model.prices?.input) },
  { title: t("priceOut"), number: true, of: (model) => usd(model.prices?.output) },
  { title: t("context"), number: true, of: (model) => number(model.contextWindow) },
  { title: t("longest"), number: true, of: (model) => number(model.maxOutputTokens) },
  { title: t("abilities"), of: (model) => model.capabilities.join(", ") },
  { title: t("providers"), of: (model) => providersOf(model).join(", ") },
];

function One({ model, me, aliases }) {
  const isChat = Boolean(model.maxOutputTokens);
  const body = { model: model.id, messages: [{ role: "user", content: "Hello!" }] };
  const asked = { model: model.id, input: "Hello!" };
  const texts = isChat ? [curl(SERVER, body), python(SERVER, body)] : embeddings(SERVER, asked);
  const may = (scope) => me.admin || me.scopes.includes(scope);
  return html`<h1>${model.displayName || model.id}</h1>
    <dl class="facts">
      <dt>${t("name")}</dt><dd><code>${model.id}</code> <${Copy} text=${model.id} /></dd>
      ${aliases.length > 0 && html`<dt>${t("aliases")}</dt><dd>${aliases.join(", ")}</dd>`}
      ${model.retiresAt && html`<dt>${t("retires")}</dt><dd class="wrong">${model.retiresAt}</dd>`}
      <dt>${t("context")}</dt><dd>${t("tokensMany", { count: number(model.contextWindow) })}</dd>
      <dt>${t("priceVersion")}</dt><dd>${model.prices?.version ?? "–"}</dd>
    </dl>
    <${Table} caption=${t("prices")} columns=${priceColumns()} rows=${pricesOf(model)} />
    <${Table} caption=${t("providers")} columns=${routeColumns()}
      rows=${model.routes.map((each, at) => ({ ...each, key: at }))} />
    ${[["curl", texts[0]], ["Python", texts[1]]].map(
      ([name, text]) => html`<h3>${name}</h3>
        <pre tabindex="0"><code>${text}</code></pre>
        <p><${Copy} text=${text} label=${t("copySnippet")} /></p>`,
    )}
    <p class="actions">
      ${may("inference") && html`<a href=${to("playground", { model: model.id })}>${t("tryPlayground")}</a>`}
      ${may("billing:read") && html`<a href=${to("requests", { model: model.id })}>${t("itsRequests")}</a>`}
    </p>`;
}

// All rates of a model: plain, above a length of input, of service tiers, and calls of tools.
function pricesOf({ prices }) {
  if (!prices) return [];
  const rates = (name, said) => [
    { ...said, name, key: name },
    ...(said.tiers ?? []).map((tier) => {
      const above = `${name}, ${t("aboveInput", { tokens: number(tier.aboveInputTokens) })}`;
      return { ...tier, name: above, key: above };
    }),
  ];
  const tiers = Object.entries(prices.serviceTiers ?? {}).flatMap(([name, said]) => rates(name, said));
  const toolOf = ([name, call]) => ({ name: t("toolCall", { name }), key: name, call });
  const tools = Object.entries(prices.tools ?? {}).map(toolOf);
  return [...rates(t("standard"), prices), ...tiers, ...tools];
}

const perMillion = (name) => ({ title: t(`rate_${name}`), number: true, of: (row) => usd(row[name]) });

const priceColumns = () => [
  { title: t("prices"), of: (row) => (row.call ? `${row.name}: ${usd(row.call)}` : row.name) },
  ...["input", "cachedInput", "cacheWrite", "cacheWriteHour", "output"].map(perMillion),
];

const routeColumns = () => [
  { title: t("provider"), of: (row) => row.provider },
  { title: t("rate_input"), number: true, of: (row) => usd(row.prices?.input) },
  { title: t("rate_output"), number: true, of: (row) => usd(row.prices?.output) },
  { title: t("longest"), number: true, of: (row) => number(row.maxOutputTokens) },
  { title: t("abilities"), of: (row) => row.capabilities.join(", ") },
];
