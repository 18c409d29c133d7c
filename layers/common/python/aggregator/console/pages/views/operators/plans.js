// Plans: all of them as they are in force; one with its versions, and a new version from a moment on.
import { get } from "../../api.js";
import { number, time, usd } from "../../format.js";
import { html, useState } from "../../h.js";
import { limitsOf } from "../../limits.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Facts, Loaded, Table, useLoaded, usePages } from "../../ui.js";
import { termsOf } from "../plan.js";
import { PlanForm } from "./planform.js";

export function Plans({ route }) {
  return route.id ? html`<${One} key=${route.id} id=${route.id} />` : html`<${List} />`;
}

function List() {
  const [isNew, setNew] = useState(false);
  const { loaded, rows, next } = usePages(
    (signal) => get("/billing/plans", { limit: 50 }, { signal }),
    (cursor) => get("/billing/plans", { limit: 50, cursor }),
    "data",
    [],
  );
  const made = (plan) => {
    location.hash = to("plans", {}, plan.planId);
  };
  return html`<h1>${t("plans")}</h1>
    <p>${t("plansNote")}</p>
    ${isNew
      ? html`<${PlanForm} done=${made} cancel=${() => setNew(false)} />`
      : html`<p><button type="button" class="primary" onClick=${() => setNew(true)}>${t("newPlan")}</button></p>`}
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noPlans")}>
      ${() => html`<${Table}
        caption=${t("plans")}
        columns=${[
          {
            title: t("plan"),
            of: (row) => html`<a href=${to("plans", {}, row.planId)}>${row.name}</a><br /><code>${row.planId}</code>`,
          },
          ...terms(),
          { title: t("version"), number: true, of: (row) => number(row.version) },
        ]}
        rows=${rows.map((row) => ({ ...row, key: row.planId }))}
      />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const terms = () => [
  { title: t("planPrice"), number: true, of: (row) => `${number(row.pricePercent)} %` },
  { title: t("limits"), of: limits },
  { title: t("allowedModels"), of: (row) => row.allowedModels?.join(", ") ?? t("all") },
  { title: t("monthlyCredit"), number: true, of: (row) => (row.monthlyCredit ? usd(row.monthlyCredit) : t("none")) },
];

function limits(plan) {
  const set = limitsOf(plan);
  return set.length ? set.map((words) => html`<div>${words}</div>`) : t("none");
}

function One({ id }) {
  const loaded = useLoaded((signal) => get(`/billing/plans/${encodeURIComponent(id)}`, {}, { signal }), []);
  const [edits, setEdits] = useState(false);
  const done = () => {
    setEdits(false);
    loaded.again();
  };
  return html`<p><a href=${to("plans")}>← ${t("plans")}</a></p>
    <h1>${loaded.data?.name ?? id}</h1>
    <${Loaded} loaded=${loaded} shape="card">${(plan) => html`
      <${Facts} facts=${termsOf(plan)} />
      ${edits
        ? html`<${PlanForm} was=${plan} done=${done} cancel=${() => setEdits(false)} />`
        : html`<p><button type="button" onClick=${() => setEdits(true)}>${t("newPlanVersion")}</button></p>`}
      <p class="quiet">${t("planGiven")}</p>
      <h2>${t("planVersions")}</h2>
      <${Versions} plan=${plan} />`}
    <//>`;
}

function Versions({ plan }) {
  const columns = [
    {
      title: t("version"),
      of: (row) => html`${number(row.version)}
        ${row.version === plan.version && html` <strong class="good">${t("inForce")}</strong>`}`,
    },
    {
      title: t("holdsFrom"),
      of: (row) => html`${time(row.effectiveFrom)}
        ${Date.parse(row.effectiveFrom) > Date.now() && html`<br /><small class="warn">${t("toCome")}</small>`}`,
    },
    { title: t("name"), of: (row) => row.name },
    ...terms(),
    { title: t("who"), of: (row) => html`${row.byUserId}<br /><small class="quiet">${time(row.createdAt)}</small>` },
  ];
  return html`<${Table} caption=${t("planVersions")} columns=${columns}
    rows=${plan.versions.map((row) => ({ ...row, key: row.version }))} />`;
}
