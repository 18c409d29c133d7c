// Sign in with a key. What was typed stays until it works; the key is never written anywhere.
import { html, useState } from "../h.js";
import { t } from "../text.js";
import { messageOf } from "../ui.js";

export function SignIn({ signIn, said }) {
  const [key, setKey] = useState("");
  const [state, setState] = useState({ busy: false, error: said });
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      await signIn(key.trim());
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return html`<section class="narrow">
    <h1>${t("signIn")}</h1>
    <p>${t("signInHow")}</p>
    <form onSubmit=${submit}>
      <label class="field"><span>${t("apiKey")}</span>
        <input type="password" name="key" autocomplete="current-password" required value=${key} onInput=${(event) => setKey(event.target.value)} placeholder="agg_…" aria-invalid=${Boolean(state.error)} aria-describedby="said" />
      </label>
      <p id="said" role="alert" class=${state.error ? "wrong" : "hidden"}>${state.error ? (state.error.status === 401 ? t("wrongKey") : messageOf(state.error)) : ""}</p>
      <button class="primary" disabled=${state.busy || !key.trim()}>${state.busy ? t("working") : t("signIn")}</button>
    </form>
    <p class="quiet">${t("signInWhere")}</p>
  </section>`;
}
