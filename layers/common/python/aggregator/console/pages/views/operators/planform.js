// The form of a plan, new or its next version: whole, for what is left out is as if there were no plan.
import { call } from "../../api.js";
import { time } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { formOf, LIMITS, MONEY, termsIn } from "../../keyform.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

export function PlanForm({ was, done, cancel }) {
  const { limits, models, name } = formOf(was ?? {}, { admin: true });
  const [form, setForm] = useState({
    planId: was?.planId ?? "", name, limits, models, percent: String(was?.pricePercent ?? 100),
    credit: was?.monthlyCredit ?? "", from: "",
  });
  const [state, setState] = useState({ step: "form" });
  const box = useRef(null);
  const confirm = useRef(null);
  useEffect(() => box.current.querySelector("input").focus(), []);
  useEffect(() => void (state.step === "sure" && confirm.current?.focus()), [state.step]);
  const write = (next) => {
    setForm(next);
    setState({ step: "form" });
  };
  const submit = (event) => {
    event.preventDefault();
    setState({ step: "sure" });
  };
  const save = async () => {
    setState({ step: "sure", busy: true });
    try {
      done(await call("PUT", `/billing/plans/${encodeURIComponent(form.planId.trim())}`, { body: bodyOf(form) }));
    } catch (error) {
      setState({ step: "sure", error });
    }
  };
  const wrong = (field) => (state.error?.param || "").split(".").includes(field) || null;
  const typed = (part, field = part) => ({
    value: form[part],
    onInput: (event) => write({ ...form, [part]: event.target.value }),
    "aria-invalid": wrong(field),
    autocomplete: "off",
  });
  const limit = (part) => (event) => write({ ...form, limits: { ...form.limits, [part]: event.target.value } });
  const title = was ? t("newPlanVersion") : t("newPlan");
  const when = form.from ? time(new Date(form.from)) : t("nowOn");
  return html`<form class="card" onSubmit=${submit} ref=${box} aria-label=${title}>
    <h2>${title}</h2>
    <div class="grid wide">
      ${!was && html`<${Field} label=${t("planId")} hint=${t("planIdHint")}>
        <input required maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" ...${typed("planId")} />
      <//>`}
      <${Field} label=${t("name")}><input required maxlength="100" ...${typed("name")} /><//>
      <${Field} label=${t("planPrice")} hint=${t("planPriceHint")}>
        <input required inputmode="numeric" pattern="[0-9]{1,4}" ...${typed("percent", "pricePercent")} />
      <//>
      <${Field} label=${t("monthlyCredit")} hint=${t("monthlyCreditHint")}>
        <input inputmode="decimal" pattern="[0-9]{1,9}(\\.[0-9]{1,9})?" placeholder=${t("none")}
          ...${typed("credit", "monthlyCredit")} />
      <//>
      <${Field} label=${t("allowedModels")} hint=${t("allowedModelsHint")}>
        <input placeholder="gpt-4o*" ...${typed("models", "allowedModels")} />
      <//>
      ${was && html`<${Field} label=${t("holdsFrom")} hint=${t("holdsFromHint")}>
        <input type="datetime-local" ...${typed("from", "effectiveFrom")} />
      <//>`}
    </div>
    <fieldset class="grid"><legend>${t("planLimits")}</legend>
      ${LIMITS.map((each) => html`<${Field} label=${t(each)}>
        <input inputmode=${MONEY.has(each) ? "decimal" : "numeric"} value=${form.limits[each]} onInput=${limit(each)}
          autocomplete="off" placeholder=${t("unlimited")} aria-invalid=${wrong(each)} />
      <//>`)}
    </fieldset>
    ${state.step === "form" && html`<p class="actions">
      <button class="primary">${t("goOn")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>`}
    ${state.step === "sure" && html`<div class="notice" role="alertdialog" aria-label=${t("sure")}>
      <p><strong>${t("planSure", { plan: form.planId, when })}</strong></p>
      <p class="actions">
        <button type="button" class="danger" ref=${confirm} disabled=${state.busy} aria-busy=${state.busy}
          onClick=${save}>${t("setPlan")}</button>
        <button type="button" disabled=${state.busy} onClick=${() => setState({ step: "form" })}>${t("cancel")}</button>
      </p>
      ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
    </div>`}
  </form>`;
}

function bodyOf(form) {
  const { limits, allowedModels } = termsIn(form);
  const said = {
    name: form.name.trim(),
    pricePercent: Number(form.percent),
    limits,
    allowedModels,
    monthlyCredit: form.credit.trim() || null,
    effectiveFrom: form.from ? new Date(form.from).toISOString() : null,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
}
