// Catalogue: the models with their prices and providers, aliases, and every version with who made it and how.
import { call, get } from "../../api.js";
import { number, usd } from "../../format.js";
import { html, useState } from "../../h.js";
import { change, to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Field, Loaded, Wrong, Table, useLoaded } from "../../ui.js";
import { Model } from "./model.js";
import { Versions } from "./versions.js";

const PARTS = ["models", "aliases", "versions"];
const SHOWN = 25;
const keyed = (models) => models.map((row) => ({ ...row, key: row.id }));

export function Catalogue({ route }) {
  const part = PARTS.includes(route.query.show) ? route.query.show : "models";
  if (route.id) return html`<${Model} key=${route.id} id=${route.id} />`;
  return html`<h1>${t("catalogue")}</h1>
    <p class="actions" role="group" aria-label=${t("catalogue")}>
      ${PARTS.map(
        (each) => html`<a
          class="button ${each === part ? "primary" : ""}"
          aria-current=${each === part ? "true" : null}
          href=${to("catalogue", { show: each })}
        >
          ${t(`catalogue_${each}`)}
        </a>`,
      )}
    </p>
    ${part === "versions" ? html`<${Versions} route=${route} />` : html`<${Listed} part=${part} route=${route} />`}`;
}

function Listed({ part, route }) {
  const loaded = useLoaded((signal) => get("/orchestrator/models", {}, { signal }), []);
  return html`<${Loaded} loaded=${loaded}>${(data) =>
    part === "models"
      ? html`<${Models} data=${data} route=${route} />`
      : html`<${Aliases} data=${data} again=${loaded.again} />`}<//>`;
}

function Models({ data, route }) {
  const words = (route.query.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (model) =>
    words.every((word) =>
      `${model.id} ${model.displayName} ${model.routes.map((each) => each.provider).join(" ")}`
        .toLowerCase()
        .includes(word),
    );
  const found = data.models.filter(fits);
  const all = route.query.all === "1";
  const shown = all ? found : found.slice(0, SHOWN);
  const search = (event) => change(route, { q: event.target.value });
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("search")}>
        <input type="search" value=${route.query.q || ""} onInput=${search} />
      <//>
    </form>
    <p class="quiet" role="status">
      ${t("modelsFound", { count: number(found.length), all: number(data.models.length) })}
    </p>
    ${
      found.length
        ? html`<${Table} caption=${t("catalogue_models")} columns=${modelColumns()} rows=${keyed(shown)} />
        ${!all && found.length > SHOWN && html`<p>
          <button type="button" onClick=${() => change(route, { all: "1" })}>${t("more")}</button>
        </p>`}`
        : html`<p class="empty">${t("noSuchModels")}</p>`
    }`;
}

const modelColumns = () => [
  {
    title: t("model"),
    of: (row) => html`<a href=${to("catalogue", {}, row.id)}>${row.id}</a><br /><small>${row.displayName}</small>`,
  },
  { title: t("providers"), of: (row) => row.routes.map((each) => each.provider).join(", ") },
  { title: t("priceIn"), number: true, of: (row) => usd(row.prices.input) },
  { title: t("priceOut"), number: true, of: (row) => usd(row.prices.output) },
  { title: t("priceVersion"), of: (row) => row.prices.version },
];

function Aliases({ data, again }) {
  const rows = Object.entries(data.aliases).map(([alias, model]) => ({ key: alias, alias, model }));
  const headers = { "If-Match": `"${data.version}"` };
  const remove = (alias) =>
    call("DELETE", `/orchestrator/aliases/${encodeURIComponent(alias)}`, { headers }).then(again);
  const columns = [
    { title: t("alias"), of: (row) => row.alias },
    { title: t("model"), of: (row) => html`<a href=${to("catalogue", {}, row.model)}>${row.model}</a>` },
    {
      title: t("actions"),
      of: (row) =>
        html`<${Act} act=${() => remove(row.alias)} confirm=${t("removeAliasSure", { alias: row.alias })}>
          ${t("remove")}
        <//>`,
    },
  ];
  return html`<${NewAlias} models=${data.models} headers=${headers} done=${again} />
    ${rows.length
      ? html`<${Table} caption=${t("catalogue_aliases")} columns=${columns} rows=${rows} />`
      : html`<p class="empty">${t("noAliases")}</p>`}`;
}

function NewAlias({ models, headers, done }) {
  const [form, setForm] = useState({ alias: "", model: "" });
  const [state, setState] = useState({});
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value.trim() });
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await call("PUT", `/orchestrator/aliases/${encodeURIComponent(form.alias)}`, {
        body: { model: form.model },
        headers,
      });
      setForm({ alias: "", model: "" });
      setState({});
      done();
    } catch (error) {
      setState({ error });
    }
  };
  return html`<form class="card" onSubmit=${submit} aria-label=${t("newAlias")}>
    <h2>${t("newAlias")}</h2>
    <div class="grid">
      <${Field} label=${t("alias")}><input required maxlength="128" value=${form.alias} onInput=${set("alias")} /><//>
      <${Field} label=${t("model")}><input required list="all-models" value=${form.model} onInput=${set("model")} /><//>
    </div>
    <datalist id="all-models">${models.map((model) => html`<option value=${model.id}></option>`)}</datalist>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
    <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("save")}</button>
  </form>`;
}
