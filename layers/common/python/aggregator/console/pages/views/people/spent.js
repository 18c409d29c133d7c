// What is spent of a budget, in figures and as a bar: the bar says nothing that the figures do not.
import { percent, usd } from "../../format.js";
import { html } from "../../h.js";
import { share } from "../../money.js";
import { t } from "../../text.js";

export function Spent({ spent, budget }) {
  if (spent == null) return "–";
  const part = share(spent, budget);
  const kind = part >= 1 ? "wrong" : part >= 0.8 ? "warn" : "";
  return html`<span class=${kind}>${usd(spent)}</span>
    <span class="bar ${kind}" aria-hidden="true"><i style=${{ width: `${Math.min(100, part * 100)}%` }}></i></span>
    <small class="quiet">${t("ofBudget", { percent: percent(part) })}</small>`;
}
