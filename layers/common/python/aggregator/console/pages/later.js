// Views whose code is fetched when one of them is first shown: what operators see costs nobody else a byte.
import { Unreachable } from "./api.js";
import { html } from "./h.js";
import { Loaded, useLoaded } from "./ui.js";

export const later = (load, name) =>
  function Later(props) {
    const loaded = useLoaded(() => fetched(load), []);
    return html`<${Loaded} loaded=${loaded}>${(views) => html`<${views[name]} ...${props} />`}<//>`;
  };

async function fetched(load) {
  try {
    return await load();
  } catch (failed) {
    throw new Unreachable(failed.message);
  }
}
