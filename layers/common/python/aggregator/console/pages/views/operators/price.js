// A new version of a model's price, from now or from a moment on. What is not a plain rate goes over from the last one.
import { call } from "../../api.js";
import { time, usd } from "../../format.js";
import { html, useState } from "../../h.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";
import { priceAt, RATES } from "./model.js";

export const TAKEN_OVER = ["tiers", "tools", "serviceTiers"];

export function NewPrice({ id, version, prices, ofRoutes, done }) {
  const now = priceAt(prices, Date.now()) || {};
  const [form, setForm] = useState(Object.fromEntries(RATES.map((rate) => [rate, now[rate] ?? ""])));
  const [from, setFrom] = useState("");
  const [state, setState] = useState({ step: "form" });
  const effectiveAt = from ? new Date(from) : null;
  const set = (rate) => (event) => {
    setForm({ ...form, [rate]: event.target.value });
    setState({ step: "form" });
  };
  const changed = RATES.filter((rate) => form[rate].trim() !== (now[rate] ?? ""));
  const taken = TAKEN_OVER.filter((part) => now[part]);
  const save = async () => {
    setState({ step: "sure", busy: true });
    const price = Object.fromEntries(
      RATES.filter((rate) => form[rate].trim()).map((rate) => [rate, form[rate].trim()]),
    );
    for (const part of taken) price[part] = now[part];
    if (effectiveAt) price.effectiveAt = effectiveAt.toISOString();
    try {
      await call("PUT", `/orchestrator/models/${encodeURIComponent(id)}`, {
        body: { price },
        headers: { "If-Match": `"${version}"` },
      });
      done();
    } catch (error) {
      setState({ step: "sure", error });
    }
  };
  const submit = (event) => {
    event.preventDefault();
    setState({ step: "sure" });
  };
  return html`<form class="card" onSubmit=${submit} aria-label=${t("newPrice")}>
    <h2>${t("newPrice")}</h2>
    <p class="quiet">
      ${t("newPriceNote")}
      ${ofRoutes.length ? ` ${t("ownPrices", { providers: ofRoutes.join(", ") })}` : ""}
      ${taken.length ? ` ${t("takenOver", { parts: taken.map((part) => t(`price_${part}`)).join(", ") })}` : ""}
    </p>
    <div class="grid even">
      ${RATES.map(
        (rate) => html`<${Field} label=${t(`rate_${rate}`)}>
        <input
          inputmode="decimal"
          autocomplete="off"
          required=${rate === "input" || rate === "output"}
          pattern="[0-9]{1,6}(\\.[0-9]{1,9})?"
          value=${form[rate]}
          onInput=${set(rate)}
        />
      <//>`,
      )}
    </div>
    <div class="grid wide"><${Field} label=${t("holdsFrom")} hint=${t("holdsFromHint")}>
      <input type="datetime-local" value=${from} onInput=${(event) => {
        setFrom(event.target.value);
        setState({ step: "form" });
      }} />
    <//></div>
    ${state.step === "form" && html`<button class="primary" disabled=${!changed.length}>${t("goOn")}</button>`}
    ${
      state.step === "sure" &&
      html`<div class="notice" role="alertdialog" aria-label=${t("sure")}>
      <p><strong>${t("priceSure", { model: id, when: effectiveAt ? time(effectiveAt) : t("nowOn") })}</strong></p>
      <ul>${changed.map(
        (rate) => html`<li>
          ${t(`rate_${rate}`)}: ${usd(form[rate].trim() || null)} (${t("untilThen", { amount: usd(now[rate]) })})
        </li>`,
      )}</ul>
      <p class="actions">
        <button type="button" class="danger" disabled=${state.busy} aria-busy=${state.busy} onClick=${save}>
          ${t("setPrice")}
        </button>
        <button type="button" disabled=${state.busy} onClick=${() => setState({ step: "form" })}>${t("cancel")}</button>
      </p>
      ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
    </div>`
    }
  </form>`;
}
