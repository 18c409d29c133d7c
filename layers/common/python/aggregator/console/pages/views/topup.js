// Top up: an amount, and the way to a page of Stripe's to pay at. The credit is in the statement once it is paid.
import { call } from "../api.js";
import { html, useEffect, useState } from "../h.js";
import { t } from "../text.js";
import { Field, Wrong } from "../ui.js";

const AMOUNTS = ["10", "25", "50", "100"];

export function TopUp({ me }) {
  const [open, setOpen] = useState(false);
  const [amount, setAmount] = useState("25");
  const [state, setState] = useState({ busy: false, error: null });
  if (!open) return html`<button type="button" onClick=${() => setOpen(true)}>${t("topUp")}</button>`;
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      const page = await call("POST", "/billing/topups", { body: { userId: me.userId, amount: amount.trim() } });
      location.assign(page.url);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return html`<form class="card" onSubmit=${submit} aria-label=${t("topUp")}>
    <h2>${t("topUp")}</h2>
    <${Field} label=${t("topUpAmount")} hint=${t("topUpHint")}>
      <input
        required inputmode="decimal" autocomplete="off" pattern="[0-9]{1,5}(\\.[0-9]{1,2})?" list="amounts"
        value=${amount} onInput=${(event) => setAmount(event.target.value)} />
    <//>
    <datalist id="amounts">${AMOUNTS.map((each) => html`<option value=${each}></option>`)}</datalist>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("toPayment")}</button>
      <button type="button" onClick=${() => setOpen(false)}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}

// The button in whose place automatic top-ups will stand: nothing jumps when they come.
export const Waiting = () => html`<button type="button" disabled aria-busy="true">${t("autoTopUp")}</button>`;

// Automatic top-ups, fetched when a statement is shown to who may pay.
export function LaterAutoTopUp({ me }) {
  const [found, setFound] = useState(null);
  useEffect(() => void import("../payments.js").then(setFound, () => setFound({})), []);
  if (!found) return html`<${Waiting} />`;
  return found.AutoTopUp ? html`<${found.AutoTopUp} me=${me} />` : "";
}
