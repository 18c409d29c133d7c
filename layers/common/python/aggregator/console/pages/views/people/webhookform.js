// The form of a new webhook: where to, and what it shall hear of.
import { call } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

const KINDS = ["balance.low", "budget.reached", "key.expiring", "model.retiring", "topup.failed"];

// A kind of alert in words.
export const alertOf = (kind) => t(`alert_${kind.replace(".", "_")}`);

export function WebhookForm({ me, done, cancel }) {
  const [url, setUrl] = useState("https://");
  const [kinds, setKinds] = useState(KINDS);
  const [state, setState] = useState({ busy: false, error: null });
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);
  const toggle = (kind) => (event) => {
    const others = kinds.filter((each) => each !== kind);
    setKinds(event.target.checked ? [...others, kind] : others);
  };
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    const body = { userId: me.userId, url: url.trim(), ...(kinds.length === KINDS.length ? {} : { kinds }) };
    try {
      done(await call("POST", "/alerts/webhooks", { body }));
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return html`<form class="card" onSubmit=${submit} aria-label=${t("newWebhook")}>
    <h2>${t("newWebhook")}</h2>
    <${Field} label=${t("address")} hint=${t("addressHint")}>
      <input ref=${first} required type="url" maxlength="1000" autocomplete="off" pattern="(https://|mailto:).+"
        value=${url} onInput=${(event) => setUrl(event.target.value)}
        aria-invalid=${state.error?.param === "url" || null} />
    <//>
    <fieldset><legend>${t("hearsOf")}</legend>
      ${KINDS.map((kind) => html`<label class="check">
        <input type="checkbox" checked=${kinds.includes(kind)} onChange=${toggle(kind)} />
        ${alertOf(kind)}
      </label>`)}
    </fieldset>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("makeWebhook")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}
