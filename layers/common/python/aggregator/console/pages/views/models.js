// Models: what there is, what it costs with this key, what it can, and how to ask for it.
import { get, SERVER } from "../api.js";
import { number, usd } from "../format.js";
import { html } from "../h.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Copy, Field, Loaded, Table, useLoaded } from "../ui.js";

export function Models({ route }) {
  const loaded = useLoaded((signal) => get("/orchestrator/models", {}, { signal }), []);
  const words = (route.query.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (model) => words.every((word) => [model.id, model.displayName, ...model.capabilities, ...model.routes.map((each) => each.provider)].join(" ").toLowerCase().includes(word));
  return html`<h1>${t("models")}</h1>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("search")}><input type="search" value=${route.query.q || ""} onInput=${(event) => change(route, { q: event.target.value })} placeholder="claude vision" /><//>
    </form>
    <${Loaded} loaded=${loaded}>${(data) => {
      const found = data.models.filter(fits);
      const chosen = route.id && data.models.find((model) => model.id === route.id);
      return html`${chosen && html`<${One} model=${chosen} />`}
        <p class="quiet" role="status">${t("modelsFound", { count: number(found.length), all: number(data.models.length) })}</p>
        ${found.length ? html`<${Table} caption=${t("models")} columns=${columns()} rows=${found.map((model) => ({ ...model, key: model.id }))} />` : html`<p class="empty">${t("noSuchModels")}</p>`}`;
    }}<//>`;
}

const priced = (model, name) => usd(model.prices?.[name]);

const columns = () => [
  { title: t("model"), of: (model) => html`<a href=${to("models", {}, model.id)}>${model.id}</a>` },
  { title: t("priceIn"), number: true, of: (model) => priced(model, "input") },
  { title: t("priceOut"), number: true, of: (model) => priced(model, "output") },
  { title: t("context"), number: true, of: (model) => number(model.contextWindow) },
  { title: t("longest"), number: true, of: (model) => (model.maxOutputTokens ? number(model.maxOutputTokens) : "–") },
  { title: t("abilities"), of: (model) => model.capabilities.join(", ") },
  { title: t("providers"), of: (model) => model.routes.map((each) => each.provider).join(", ") },
];

function One({ model }) {
  const snippet = `curl ${SERVER}/v1/chat/completions \\
  -H "Authorization: Bearer $AGGREGATOR_API_KEY" -H "Content-Type: application/json" \\
  -d '{"model": "${model.id}", "messages": [{"role": "user", "content": "Hello!"}]}'`;
  return html`<section class="card"><h2>${model.displayName || model.id}</h2>
    <pre tabindex="0"><code>${snippet}</code></pre>
    <p><${Copy} text=${snippet} label=${t("copySnippet")} /> <a href=${to("playground", { model: model.id })}>${t("tryPlayground")}</a> <a href=${to("requests", { model: model.id })}>${t("itsRequests")}</a></p>
  </section>`;
}
