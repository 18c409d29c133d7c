// The form of a promo code: what it gives, for how long, to how many, and until when.
import { call } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

const BLANK = { name: "", amount: "", creditDays: "30", maxRedemptions: "100", redeemableUntil: "", code: "" };

export function CodeForm({ done, cancel }) {
  const [form, setForm] = useState(BLANK);
  const [state, setState] = useState({ busy: false, error: null });
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      done(await call("POST", "/billing/codes", { body: bodyOf(form) }));
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const typed = (name) => ({
    value: form[name],
    onInput: (event) => setForm({ ...form, [name]: event.target.value }),
    "aria-invalid": state.error?.param === name || null,
    autocomplete: "off",
  });
  return html`<form class="card" onSubmit=${submit} aria-label=${t("newCode")}>
    <h2>${t("newCode")}</h2>
    <div class="grid wide">
      <${Field} label=${t("name")} hint=${t("codeNameHint")}>
        <input ref=${first} maxlength="200" ...${typed("name")} />
      <//>
      <${Field} label=${t("amountUsd")}>
        <input required inputmode="decimal" pattern="[0-9]{1,9}(\\.[0-9]{1,9})?" title=${t("amountHint")}
          ...${typed("amount")} />
      <//>
      <${Field} label=${t("creditDays")} hint=${t("creditDaysHint")}>
        <input required inputmode="numeric" pattern="[0-9]{1,4}" ...${typed("creditDays")} />
      <//>
      <${Field} label=${t("maxRedemptions")}>
        <input required inputmode="numeric" pattern="[0-9]{1,7}" ...${typed("maxRedemptions")} />
      <//>
      <${Field} label=${t("redeemableUntil")} hint=${t("inYourZone")}>
        <input required type="datetime-local" ...${typed("redeemableUntil")} />
      <//>
      <${Field} label=${t("code")} hint=${t("codeHint")}>
        <input maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9\\-]{6,62}[A-Za-z0-9]" ...${typed("code")} />
      <//>
    </div>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("makeCode")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}

function bodyOf(form) {
  const said = {
    amount: form.amount.trim(),
    creditDays: Number(form.creditDays),
    maxRedemptions: Number(form.maxRedemptions),
    redeemableUntil: new Date(form.redeemableUntil).toISOString(),
  };
  if (form.name.trim()) said.name = form.name.trim();
  if (form.code.trim()) said.code = form.code.trim();
  return said;
}
