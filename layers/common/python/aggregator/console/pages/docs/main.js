// The reference: reads openapi.json, and shows its overview, an operation or a schema, as the address says.
import { html, render, useEffect, useMemo, useRef, useState } from "../h.js";
import { to, useRoute } from "../route.js";
import { operationsOf, search } from "./document.js";
import { Operation } from "./operation.js";
import { Overview } from "./overview.js";
import { Method, Prose } from "./parts.js";
import { Fields } from "./schema.js";

const SERVER = new URL(".", document.baseURI).href.replace(/\/$/, "");
const WIDE = matchMedia("(min-width: 900px)");

function useDocument() {
  const [state, setState] = useState({ document: null, failed: null, tries: 0 });
  useEffect(() => {
    fetch("openapi.json")
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`HTTP ${answer.status}`))))
      .then((found) => setState((before) => ({ ...before, document: found, failed: null })))
      .catch((failed) => setState((before) => ({ ...before, failed })));
  }, [state.tries]);
  return [state, () => setState((before) => ({ ...before, failed: null, tries: before.tries + 1 }))];
}

function Reference() {
  const [{ document: found, failed }, again] = useDocument();
  if (failed)
    return html`<main>
      <h1>API reference</h1>
      <div class="notice bad" role="alert">
        <p>The document could not be loaded: ${failed.message}.</p>
        <button type="button" onClick=${again}>Try again</button>
      </div>
    </main>`;
  if (!found) return html`<main><h1>API reference</h1><p class="loading" role="status">Loading…</p></main>`;
  return html`<${Loaded} document=${found} />`;
}

function Loaded({ document: found }) {
  const route = useRoute();
  const main = useRef(null);
  const first = useRef(true);
  const operations = useMemo(() => operationsOf(found), [found]);
  const shown = pageOf(route, found, operations);
  useEffect(() => {
    document.title = `${shown.title} · API reference`;
    if (!first.current) {
      scrollTo(0, 0);
      main.current.focus({ preventScroll: true });
    }
    first.current = false;
  }, [route.view, route.id]);
  return html`<a class="skip" href="#main" onClick=${(event) => {
    event.preventDefault();
    main.current.focus();
  }}>To the content</a>
    <header class="top"><a class="brand" href="#/">API reference</a>
      <nav aria-label="This server">
        <a href="${SERVER}/">Start</a>
        <a href="${SERVER}/console/">Console</a>
        <a href="${SERVER}/openapi.json">openapi.json</a>
      </nav></header>
    <div class="reference">
      <${Contents} document=${found} operations=${operations} route=${route} />
      <main id="main" tabindex="-1" ref=${main} key=${`${route.view}/${route.id}`}>${shown.page}</main>
    </div>`;
}

function pageOf(route, found, operations) {
  if (route.view === "operation") {
    const operation = operations.find((each) => each.id === route.id);
    if (operation)
      return {
        title: operation.summary,
        page: html`<${Operation} document=${found} operation=${operation} server=${SERVER} />`,
      };
  } else if (route.view === "schema" && Object.hasOwn(found.components.schemas, route.id)) {
    const schema = found.components.schemas[route.id];
    return {
      title: route.id,
      page: html`<h1>${route.id}</h1>
        <${Prose} text=${schema.description} />
        ${schema.properties && html`<${Fields} document=${found} name=${route.id} schema=${schema} above=${[]} />`}`,
    };
  } else if (route.view === "overview") {
    return {
      title: "Overview",
      page: html`<${Overview} document=${found} operations=${operations} server=${SERVER} />`,
    };
  }
  return {
    title: "Not found",
    page: html`<h1>Not found</h1><p>The reference has nothing of this name. <a href="#/">All operations</a></p>`,
  };
}

const current = (route, view, id) => (route.view === view && route.id === id ? "page" : null);

function Entry({ operation, route }) {
  return html`<li>
    <a href=${to("operation", {}, operation.id)} aria-current=${current(route, "operation", operation.id)}>
      <span><${Method} method=${operation.method} /> ${operation.summary}</span><code>${operation.path}</code>
    </a>
  </li>`;
}

// All operations by domain, and what a search leaves of them. On a phone it is folded.
function Contents({ document: found, operations, route }) {
  const [asked, setAsked] = useState("");
  const [open, setOpen] = useState(WIDE.matches);
  useEffect(() => {
    if (!WIDE.matches) setOpen(false);
  }, [route.view, route.id]);
  const left = search(found, operations, asked);
  const tags = found.tags.filter((tag) => left.operations.some((each) => each.tag === tag.name));
  const count = left.operations.length + left.schemas.length;
  return html`<div class="contents">
    <div role="search"><label class="field"><span>Search operations, fields and schemas</span>
      <input type="search" value=${asked} onInput=${(event) => {
        setAsked(event.target.value);
        setOpen(true);
      }} /></label></div>
    <p class="hidden" role="status">${asked && `${count} found`}</p>
    <details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>${asked ? `${count} found` : `${operations.length} operations`}</summary>
      <nav aria-label="Operations">
        ${tags.map((tag) => {
          const listed = left.operations.filter((each) => each.tag === tag.name);
          return html`<h2>${tag.name}</h2>
            <ul>${listed.map((each) => html`<${Entry} operation=${each} route=${route} />`)}</ul>`;
        })}
        ${left.schemas.length > 0 && html`<h2>schemas</h2>
        <ul>${left.schemas.map(
          (name) => html`<li>
            <a href=${to("schema", {}, name)} aria-current=${current(route, "schema", name)}>${name}</a>
          </li>`,
        )}</ul>`}
        ${count === 0 && html`<p class="empty">Nothing is called that.</p>`}
      </nav></details>
  </div>`;
}

render(html`<${Reference} />`, document.getElementById("docs"));
