// The address holds the view: `#/usage?from=2026-11-01&by=model`. A link to it shows the same again.
import { useEffect, useState } from "./h.js";

export function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const asked = Object.fromEntries(new URLSearchParams(query));
  return { view: view || "overview", id: decoded(rest.join("/")), query: asked };
}

// A link that somebody cut in the middle of a letter stays what it is.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Views of one account: an admin who looks at somebody else's goes on doing so from one to the next.
const OF_AN_ACCOUNT = new Set(["overview", "requests", "usage", "keys", "statement", "grants", "alerts"]);

export function to(view, query = {}, id = "") {
  const whose = OF_AN_ACCOUNT.has(view) ? { userId: here().query.userId } : {};
  const parts = Object.entries({ ...whose, ...query });
  const said = new URLSearchParams(parts.filter(([, value]) => value !== "" && value != null));
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}${said.size ? `?${said}` : ""}`;
}

export function useRoute() {
  const [route, setRoute] = useState(here());
  useEffect(() => {
    const moved = () => setRoute(here());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return route;
}

// Change a part of the view's query, without a step in the browser's history for each letter typed.
export function change(route, part) {
  history.replaceState(null, "", to(route.view, { ...route.query, ...part }, route.id));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
