// Which plan a user or a team is on: a choice among all of them, none as well.
import { html } from "../../h.js";
import { t } from "../../text.js";
import { Choice, useLoaded } from "../../ui.js";
import { everyPage } from "./pages.js";

export function PlanChoice({ value, pick }) {
  const { data } = useLoaded((signal) => everyPage("/billing/plans", {}, signal), []);
  const known = data ?? (value ? [{ planId: value, name: value }] : []);
  const options = [["", t("none")], ...known.map((plan) => [plan.planId, plan.name])];
  return html`<${Choice} label=${t("plan")} hint=${t("planHint")} value=${value} options=${options} pick=${pick} />`;
}
