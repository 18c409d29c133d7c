// Versions of the catalogue: who changed what and when, and the way back to each.
import { call, get } from "../../api.js";
import { number, time } from "../../format.js";
import { html } from "../../h.js";
import { change } from "../../route.js";
import { t } from "../../text.js";
import { Act, Field, Loaded, Table, usePages } from "../../ui.js";

const MOST_NAMED = 6;

export function Versions({ route }) {
  const model = route.query.model || "";
  const query = { model, limit: 20 };
  const { loaded, rows, next } = usePages(
    (signal) => get("/orchestrator/changes", query, { signal }),
    (cursor) => get("/orchestrator/changes", { ...query, cursor }),
    "data",
    [model],
  );
  const live = model ? null : rows[0]?.version;
  const back = async (version) => {
    await call("POST", "/orchestrator/rollback", {
      body: { version },
      headers: live ? { "If-Match": `"${live}"` } : {},
    });
    loaded.again();
  };
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("onlyModel")}>
        <input
          type="search"
          value=${model}
          pattern="[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
          onChange=${(event) => change(route, { model: event.target.value.trim() })}
        />
      <//>
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noVersions")}>
      ${() => html`<${Table}
        caption=${t("catalogue_versions")}
        columns=${columns(live, back)}
        rows=${rows.map((row) => ({ ...row, key: row.version }))}
      />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const columns = (live, back) => [
  {
    title: t("version"),
    of: (row) =>
      html`${number(row.version)}${row.version === live ? html` <strong class="good">${t("inForce")}</strong>` : ""}`,
  },
  { title: t("time"), of: (row) => time(row.changedAt) },
  { title: t("who"), of: (row) => html`${row.byUserId || "–"}<br /><code class="quiet">${row.byKeyId}</code>` },
  {
    title: t("what"),
    of: (row) =>
      html`${actionOf(row.action)}
        ${["added", "changed", "removed"].map(
          (kind) => row[kind].length > 0 && html`<div>${t(kind)}: ${named(row[kind])}</div>`,
        )}
        <${Fields} fields=${row.fields} />`,
  },
  {
    title: t("actions"),
    of: (row) =>
      row.version !== live &&
      html`<${Act} act=${() => back(row.version)} confirm=${t("rollBackSure", { version: row.version })}>
        ${t("rollBack")}
      <//>`,
  },
];

// `rollback to 3`, or a plain word.
const actionOf = (action) => t(`action_${action.split(" ")[0]}`, { version: action.split(" ")[2] });

const named = (names) =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(", ")} ${t("andMore", { count: number(names.length - MOST_NAMED) })}`
    : names.join(", ");

function Fields({ fields }) {
  const said = Object.entries(fields || {});
  if (!said.length) return "";
  return html`<details><summary>${t("fields")}</summary>
    ${said.map(
      ([entry, changes]) => html`<p class="left"><strong>${entry}</strong></p>
        <ul class="left">${Object.entries(changes).map(
          ([field, { from, to }]) => html`<li>
            ${field}: <code>${shown(from)}</code> → <code>${shown(to)}</code>
          </li>`,
        )}</ul>`,
    )}
  </details>`;
}

const shown = (value) => (value == null ? "–" : typeof value === "string" ? value : JSON.stringify(value));
