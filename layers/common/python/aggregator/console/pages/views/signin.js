// Sign in with a key. What was typed stays until it works. The key is in the memory of the page, or, by choice, of the
// tab: until it is closed.
import { html, useEffect, useState } from "../h.js";
import { ofTab } from "../storage.js";
import { t } from "../text.js";
import { Wrong } from "../trouble.js";

const NAME = "aggregator-key";

export const kept = () => ofTab.get(NAME);

export const keep = (key) => ofTab.set(NAME, key);

export function SignIn({ signIn, refused, first }) {
  const [key, setKey] = useState(first || "");
  const [stay, setStay] = useState(Boolean(first));
  const [state, setState] = useState({ busy: false, error: refused });
  const ask = async () => {
    setState({ busy: true, error: null });
    try {
      await signIn(key.trim(), stay);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  useEffect(() => void (first && !refused && ask()), []);
  const submit = (event) => {
    event.preventDefault();
    ask();
  };
  return html`<section class="narrow">
    <h1>${t("signIn")}</h1>
    <p>${t("signInHow")}</p>
    <form onSubmit=${submit}>
      <label class="field">
        <span>${t("apiKey")}</span>
        <input type="password" name="key" autocomplete="current-password" required placeholder="agg_…"
          value=${key} onInput=${(event) => setKey(event.target.value)}
          aria-invalid=${Boolean(state.error)} aria-describedby="said" />
      </label>
      <p>
        <label class="check">
          <input type="checkbox" checked=${stay} onChange=${(event) => setStay(event.target.checked)} /> ${t("stay")}
        </label>
      </p>
      <div id="said" class="answer"><${Said} error=${state.error} wasIn=${Boolean(refused)} /></div>
      <button class="primary" disabled=${state.busy || !key.trim()} aria-busy=${state.busy}>${t("signIn")}</button>
    </form>
    <p class="quiet">${t("signInWhere")}</p>
  </section>`;
}

function Said({ error, wasIn }) {
  if (!error) return "";
  if (error.status !== 401) return html`<${Wrong} error=${error} />`;
  return html`<p class="wrong" role="alert">${t(wasIn ? "keyEnded" : "wrongKey")}</p>`;
}
