// Give credit that ends: under one Idempotency-Key until it is given, so that a second click gives nothing twice.
import { call } from "../../api.js";
import { time, usd } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { freshKey } from "../../once.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

const BLANK = { amount: "", expiresAt: "", reason: "" };

export function GiveGrant({ whose, given }) {
  const [open, setOpen] = useState(false);
  const [form, setForm] = useState(BLANK);
  const [state, setState] = useState({ busy: false, error: null, grant: null });
  const key = useRef(null);
  const first = useRef(null);
  useEffect(() => void (open && first.current?.focus()), [open]);
  const begin = () => {
    key.current = freshKey();
    setState({ busy: false, error: null, grant: null });
    setOpen(true);
  };
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null, grant: null });
    const { amount, expiresAt, reason } = form;
    const body = { ...whose, amount: amount.trim(), expiresAt: new Date(expiresAt).toISOString() };
    if (reason.trim()) body.reason = reason.trim();
    try {
      const grant = await call("POST", "/billing/grants", { body, headers: { "Idempotency-Key": key.current } });
      setForm(BLANK);
      setOpen(false);
      setState({ busy: false, error: null, grant });
      given();
    } catch (error) {
      setState({ busy: false, error, grant: null });
    }
  };
  const typed = (name) => ({
    value: form[name],
    onInput: (event) => {
      key.current = freshKey();
      setForm({ ...form, [name]: event.target.value });
    },
    "aria-invalid": state.error?.param === name || null,
    autocomplete: "off",
  });
  const { grant } = state;
  if (!open) {
    return html`<p><button type="button" onClick=${begin}>${t("giveGrant")}</button></p>
      ${grant && html`<p class="good" role="status">
        ${t("grantGiven", { amount: usd(grant.amount), until: time(grant.expiresAt) })}
      </p>`}`;
  }
  return html`<form class="card" onSubmit=${submit} aria-label=${t("giveGrant")}>
    <h2>${t("giveGrant")}</h2>
    <div class="grid wide">
      <${Field} label=${t("amountUsd")}>
        <input ref=${first} required inputmode="decimal" pattern="[0-9]{1,9}(\\.[0-9]{1,9})?" title=${t("amountHint")}
          ...${typed("amount")} />
      <//>
      <${Field} label=${t("grantEnds")} hint=${t("inYourZone")}>
        <input required type="datetime-local" ...${typed("expiresAt")} />
      <//>
      <${Field} label=${t("grantReason")}><input maxlength="200" ...${typed("reason")} /><//>
    </div>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("giveIt")}</button>
      <button type="button" onClick=${() => setOpen(false)}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}
