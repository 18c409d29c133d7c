// The plan that a wallet is on, as whoever has it reads it.
import { get } from "../api.js";
import { number, usd } from "../format.js";
import { html } from "../h.js";
import { limitsOf } from "../limits.js";
import { t } from "../text.js";
import { Facts, Loaded, useLoaded } from "../ui.js";

export function OwnPlan({ id }) {
  const loaded = useLoaded((signal) => get(`/billing/plans/${encodeURIComponent(id)}`, {}, { signal }), [id]);
  return html`<h2>${t("plan")}</h2>
    <${Loaded} loaded=${loaded} shape="card">${(plan) => html`<${Facts} facts=${termsOf(plan)} />`}<//>`;
}

export const termsOf = (plan) => [
  [t("name"), plan.name],
  [t("planPrice"), t("percentOfPrice", { percent: number(plan.pricePercent) })],
  [t("limits"), limitsOf(plan).join("; ") || t("none")],
  [t("allowedModels"), plan.allowedModels?.join(", ") || t("all")],
  [t("monthlyCredit"), plan.monthlyCredit ? usd(plan.monthlyCredit) : t("none")],
];
