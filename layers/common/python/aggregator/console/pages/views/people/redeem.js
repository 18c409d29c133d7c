// Redeem a code: under one Idempotency-Key for each text, so that a try after a lost answer redeems nothing twice.
import { call } from "../../api.js";
import { time, usd } from "../../format.js";
import { html, useRef, useState } from "../../h.js";
import { freshKey } from "../../once.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

export function Redeem({ redeemed }) {
  const [code, setCode] = useState("");
  const [state, setState] = useState({ busy: false, error: null, grant: null });
  const key = useRef(freshKey());
  const type = (event) => {
    key.current = freshKey();
    setCode(event.target.value);
  };
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null, grant: null });
    try {
      const headers = { "Idempotency-Key": key.current };
      const grant = await call("POST", "/billing/codes/redeem", { body: { code: code.trim() }, headers });
      key.current = freshKey();
      setCode("");
      setState({ busy: false, error: null, grant });
      redeemed();
    } catch (error) {
      setState({ busy: false, error, grant: null });
    }
  };
  const { busy, error, grant } = state;
  return html`<form class="filters" onSubmit=${submit} aria-label=${t("redeemCode")}>
      <${Field} label=${t("code")}>
        <input required maxlength="100" autocomplete="off" placeholder="7K2M-9QXD-41ZV-B8TN"
          value=${code} onInput=${type} aria-invalid=${Boolean(error) || null} />
      <//>
      <button disabled=${busy} aria-busy=${busy}>${t("redeemCode")}</button>
    </form>
    ${error && html`<p><${Wrong} error=${error} /></p>`}
    ${grant && html`<p class="good" role="status">
      ${t("redeemedAs", { amount: usd(grant.amount), until: time(grant.expiresAt), user: grant.userId })}
    </p>`}`;
}
