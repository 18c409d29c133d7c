// Sign in: at the issuer of this platform, where there is one, or with a key. What was typed stays until it works. The
// key is in the memory of the page, or, by choice, of the tab: until it is closed.
import { get } from "../api.js";
import { html, useEffect, useState } from "../h.js";
import { arrival, leave, session } from "../oidc.js";
import { ofTab } from "../storage.js";
import { t } from "../text.js";
import { Wrong } from "../trouble.js";

const NAME = "aggregator-key";

// Read before the first view is, for it puts the address right.
const came = { back: arrival() };

export const kept = () => (came.back ? null : ofTab.get(NAME));

export const keep = (key) => ofTab.set(NAME, key);

export function SignIn({ signIn, refused, first, me }) {
  const [key, setKey] = useState(first || "");
  const [stay, setStay] = useState(Boolean(first || came.back?.stay));
  const [way, setWay] = useState(null);
  const [state, setState] = useState({ busy: false, error: refused });
  const doing = async (work) => {
    setState({ busy: true, error: null });
    try {
      await work();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const ask = () => doing(() => signIn(key.trim(), stay));
  const arrive = (back) => doing(async () => signIn((await session(back)).key, back.stay));
  useEffect(() => {
    const { back } = came;
    came.back = null;
    if (back?.wrong) setState({ busy: false, error: { wrong: back.wrong } });
    else if (back) arrive(back);
    else if (first && !refused) ask();
    get("/auth/sign-in").then(setWay, () => {}); // who is not told of an issuer has a key
  }, []);
  const submit = (event) => {
    event.preventDefault();
    ask();
  };
  const at = way?.enabled && new URL(way.issuer).host;
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
      <div id="said" class="answer"><${Said} error=${state.error} was=${refused && me} /></div>
      <button class="primary" disabled=${state.busy || !key.trim()} aria-busy=${state.busy}>${t("signIn")}</button>
    </form>
    ${at && html`<p>${t("signInWithout")}</p>
    <p>
      <button type="button" class="primary" disabled=${state.busy} onClick=${() => doing(() => leave(way, stay))}>
        ${t("signInAt", { at })}
      </button>
    </p>`}
    <p class="quiet">${t("signInWhere")}</p>
  </section>`;
}

// `was` is who was signed in with what is refused now.
function Said({ error, was }) {
  if (!error) return "";
  const said = error.wrong || SAID[error.code] || (error.status === 401 && ended(was));
  return said ? html`<p class="wrong" role="alert">${t(said)}</p>` : html`<${Wrong} error=${error} />`;
}

const SAID = {
  not_invited: "notInvited",
  email_not_verified: "emailNotVerified",
  user_suspended: "youAreSuspended",
  invalid_id_token: "signInAgain",
  invalid_code: "signInAgain",
};

const ended = (was) => (was ? (was.session ? "sessionEnded" : "keyEnded") : "wrongKey");
