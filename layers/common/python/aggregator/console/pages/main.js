// Starts the console: signs in, shows the views that a key may see, and the one that the address names.
import { get, useKey } from "./api.js";
import { html, render, useEffect, useState } from "./h.js";
import { to, useRoute } from "./route.js";
import { choose, language, LANGUAGES, t } from "./text.js";
import { Failed } from "./ui.js";
import { Keys } from "./views/keys.js";
import { Models } from "./views/models.js";
import { Overview } from "./views/overview.js";
import { Playground } from "./views/playground.js";
import { Requests } from "./views/requests.js";
import { SignIn } from "./views/signin.js";
import { Statement } from "./views/statement.js";
import { Usage } from "./views/usage.js";

const VIEWS = [
  { name: "overview", of: Overview, scope: "billing:read" },
  { name: "playground", of: Playground, scope: "inference" },
  { name: "requests", of: Requests, scope: "billing:read" },
  { name: "usage", of: Usage, scope: "analytics:read" },
  { name: "models", of: Models, scope: "models:read" },
  { name: "keys", of: Keys, scope: "keys:manage" },
  { name: "statement", of: Statement, scope: "billing:read" },
];

function Console() {
  const route = useRoute();
  const [me, setMe] = useState(null);
  const [said, setSaid] = useState(null);
  const [, setLanguage] = useState(language());
  const signOut = (error = null) => {
    useKey(null);
    setMe(null);
    setSaid(error);
  };
  const signIn = async (key) => {
    useKey(key, (error) => signOut(error));
    const found = await get("/auth/me");
    setSaid(null);
    setMe(found);
  };
  const may = (view) => me.admin || me.scopes.includes(view.scope);
  const shown = me && (VIEWS.find((view) => view.name === route.view && may(view)) || VIEWS.find(may));
  useEffect(() => {
    document.title = shown ? `${t(shown.name)} · ${t("title")}` : t("title");
  });
  const words = html`<select aria-label=${t("language")} value=${language()} onChange=${(event) => { choose(event.target.value); setLanguage(event.target.value); }}>
    ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code}>${name}</option>`)}
  </select>`;
  if (!me) return html`<header class="top"><a class="brand" href="../">AI Aggregator</a>${words}</header><main><${SignIn} signIn=${signIn} said=${said} /></main>`;
  return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("skip")}</a>
    <header class="top">
      <a class="brand" href="../">AI Aggregator</a>
      <nav aria-label=${t("views")}>
        ${VIEWS.filter(may).map((view) => html`<a href=${to(view.name)} aria-current=${view === shown ? "page" : null}>${t(view.name)}</a>`)}
      </nav>
      <div class="who"><span title=${me.keyId}>${me.userId}${me.admin ? ` · ${t("admin")}` : ""}</span>${words}<button onClick=${() => signOut()}>${t("signOut")}</button></div>
    </header>
    <main id="main" tabindex="-1">
      ${shown ? html`<${shown.of} key=${shown.name} me=${me} route=${route} />` : html`<${Failed} error=${new Error(t("noScope"))} />`}
    </main>`;
}

const root = document.getElementById("console");
root.replaceChildren();
choose(language());
render(html`<${Console} />`, root);
