// Starts the console: signs in, shows the views that a key may see, and the one that the address names.
import { call, get, useKey } from "./api.js";
import { html, render, useEffect, useRef, useState } from "./h.js";
import { later } from "./later.js";
import { to, useRoute } from "./route.js";
import { choose, language, LANGUAGES, t } from "./text.js";
import { Banner } from "./trouble.js";
import { Failed, forget } from "./ui.js";
import { Keys } from "./views/keys.js";
import { Models } from "./views/models.js";
import { Overview } from "./views/overview.js";
import { Playground } from "./views/playground.js";
import { Requests } from "./views/requests.js";
import { keep, kept, SignIn } from "./views/signin.js";
import { Statement } from "./views/statement.js";
import { Usage } from "./views/usage.js";

const operators = () => import("./operators.js");
const people = () => import("./people.js");

const VIEWS = [
  { name: "overview", of: Overview, scope: "billing:read" },
  { name: "playground", of: Playground, scope: "inference" },
  { name: "requests", of: Requests, scope: "billing:read" },
  { name: "usage", of: Usage, scope: "analytics:read" },
  { name: "models", of: Models, scope: "models:read" },
  { name: "keys", of: Keys, scope: "keys:manage" },
  { name: "statement", of: Statement, scope: "billing:read" },
  { name: "grants", of: later(people, "Grants"), scope: "billing:read" },
  { name: "alerts", of: later(people, "Alerts"), scope: "keys:manage" },
  { name: "teams", of: later(people, "Teams"), scope: null },
  { name: "users", of: later(operators, "Users"), scope: "admin" },
  { name: "plans", of: later(operators, "Plans"), scope: "admin" },
  { name: "codes", of: later(operators, "Codes"), scope: "admin" },
  { name: "catalogue", of: later(operators, "Catalogue"), scope: "admin" },
  { name: "providers", of: later(operators, "Providers"), scope: "admin" },
  { name: "health", of: later(operators, "Health"), scope: "admin" },
  { name: "reconcile", of: later(operators, "Reconcile"), scope: "admin" },
];

// `me` is whose key it is. A key that is refused later leaves its view where it is, behind the sign-in: what was typed
// is there again once a key of the same user is.
function Console() {
  const route = useRoute();
  const [me, setMe] = useState(null);
  const [refused, setRefused] = useState(null);
  const [, setLanguage] = useState(language());
  const signIn = async (key, stay) => {
    useKey(key);
    const found = await get("/auth/me");
    useKey(key, setRefused);
    keep(stay ? key : null);
    findTeams(found, setMe);
    if (me && found.userId !== me.userId) forget();
    setRefused(null);
    setMe(found);
  };
  // A session ends where it was made; a key goes on, for it is somebody's program as well.
  const signOut = async () => {
    if (me.session) await call("DELETE", "/auth/sessions").catch(() => {});
    useKey(null);
    keep(null);
    forget();
    setMe(null);
  };
  useEffect(() => void (refused && keep(null)), [refused]);
  const may = (view) => me.admin || (view.scope ? me.scopes.includes(view.scope) : me.teams?.length > 0);
  const asked = VIEWS.find((view) => view.name === route.view);
  const shown = me && (asked && (may(asked) || (!asked.scope && !me.teams)) ? asked : VIEWS.find(may));
  const asks = !me || refused;
  useEffect(() => {
    document.title = shown && !refused ? `${t(shown.name)} · ${t("title")}` : t("title");
  });
  const speak = (code) => {
    choose(code);
    setLanguage(code);
  };
  return html`
    ${asks ? "" : html`<${Skip} />`}
    <header class="top">
      <a class="brand" href="../">AI Aggregator</a>
      ${asks ? "" : html`<${Menu} views=${VIEWS.filter(may)} shown=${shown} />`}
      <div class="who">
        ${asks ? "" : html`<span class="name" title=${me.keyId}>${me.userId}${me.admin && ` · ${t("admin")}`}</span>`}
        <${Languages} speak=${speak} />
        ${asks ? "" : html`<button type="button" onClick=${signOut}>${t("signOut")}</button>`}
      </div>
    </header>
    ${asks && html`<main>
      <${SignIn} key="signin" signIn=${signIn} refused=${refused} first=${kept()} me=${me} />
    </main>`}
    ${me && html`<main id="main" tabindex="-1" hidden=${Boolean(refused)}>
      <${Shown} me=${me} view=${shown} route=${route} />
    </main>`}
    <${Banner} />`;
}

// Whoever is in a team has a view of it. It comes after the others, which need not wait for it.
async function findTeams(found, setMe) {
  if (found.admin) return;
  const page = await get("/identity/teams", { limit: 100 }).catch(() => ({ data: [] }));
  setMe((now) => (now?.keyId === found.keyId ? { ...now, teams: page.data } : now));
}

function Shown({ me, view, route }) {
  const before = useRef(view);
  useEffect(() => {
    if (before.current !== view) document.getElementById("main").focus({ preventScroll: true });
    if (before.current !== view) scrollTo(0, 0);
    before.current = view;
  }, [view]);
  if (!view) return html`<${Failed} error=${new Error(t("noScope"))} />`;
  const whose = route.query.userId;
  const other = me.admin && whose && whose !== me.userId;
  if (!other) return html`<${view.of} key=${`${me.userId} ${view.name}`} me=${me} route=${route} />`;
  return html`<p class="notice">
      ${t("another", { user: whose })} <a href=${to("users", {}, whose)}>${t("users")}</a> ·${" "}
      <a href=${to(view.name, { userId: null })}>${t("ownAccount")}</a>
    </p>
    <${view.of} key=${`${whose} ${view.name}`} me=${{ ...me, userId: whose }} route=${route} />`;
}

function Skip() {
  const skip = (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>`;
}

// The views: in a line, or behind a button where there is no room.
function Menu({ views, shown }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  useEffect(close, [shown]);
  const turn = () => setOpen(!open);
  return html`<button type="button" class="menu" aria-expanded=${open} aria-controls="views" onClick=${turn}>
      ☰ ${shown ? t(shown.name) : t("views")}
    </button>
    <nav id="views" class=${open ? "open" : ""} aria-label=${t("views")}>
      ${views.map(
        (view) => html`<a
          class=${view.scope === "admin" ? "operator" : ""}
          href=${to(view.name)}
          aria-current=${view === shown ? "page" : null}
          onClick=${close}
        >
          ${t(view.name)}
        </a>`,
      )}
    </nav>`;
}

function Languages({ speak }) {
  return html`<select aria-label=${t("language")} value=${language()} onChange=${(event) => speak(event.target.value)}>
    ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code}>${name}</option>`)}
  </select>`;
}

const root = document.getElementById("console");
root.replaceChildren();
document.documentElement.lang = language();
render(html`<${Console} />`, root);
