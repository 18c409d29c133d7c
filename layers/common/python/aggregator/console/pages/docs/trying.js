// "Try it": calls that change nothing but a balance, with the reader's key, which is kept in memory only.
import { html, useRef, useState } from "../h.js";
import { exampleOfParameter, textOf } from "./document.js";
import { Code } from "./parts.js";
import { urlOf } from "./snippets.js";

const SHOWN = 200_000;
const session = { key: "" };

// Reading, and asking a model. What makes, changes or ends something is called on purpose, not from a page of
// documents.
export const mayTry = ({ method, tag }) =>
  method === "get" || (method === "post" && (tag === "proxy" || tag === "messages"));

export function Trying({ operation, server, body }) {
  const open = operation.security?.length === 0;
  const parameters = operation.parameters || [];
  const [said, setSaid] = useState(null);
  const stopping = useRef(null);
  const send = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!open) session.key = form.get(" key").trim();
    stopping.current = new AbortController();
    setSaid({ busy: true, text: "" });
    try {
      await called(operation, server, form, stopping.current.signal, setSaid);
    } catch (failed) {
      setSaid((before) => ({
        ...before,
        busy: false,
        failed: failed.name === "AbortError" ? "Stopped." : `There was no answer: ${failed.message}`,
      }));
    }
  };
  return html`<section aria-labelledby="try"><h2 id="try">Try it</h2>
    <details class="card"><summary>Send this request from here</summary>
      <form onSubmit=${send}>
        ${
          !open &&
          html`<label class="field"><span>Key, kept in this page's memory until you leave it</span>
          <input name=" key" type="password" autocomplete="off" spellcheck="false" required value=${session.key} />
          </label>`
        }
        ${operation.method === "post" && html`<p class="quiet">
          This asks for real: what a model answers is charged to the key's user.
        </p>`}
        <div class="grid">${parameters.map(
          (each) => html`<label class="field"><span>${each.name}${each.required ? ", required" : ""}</span>
          <input
            name=${each.name}
            required=${each.required}
            placeholder=${exampleOfParameter(each)}
            autocomplete="off"
            spellcheck="false"
          /></label>`,
        )}</div>
        ${body !== undefined && html`<label class="field"><span>Body, JSON</span>
          <textarea name=" body" rows="10" spellcheck="false">${textOf(body)}</textarea></label>`}
        <button class="primary" disabled=${said?.busy}>${said?.busy ? "Waiting…" : "Send"}</button>
        ${said?.busy && html` <button type="button" onClick=${() => stopping.current.abort()}>Stop</button>`}
      </form>
      <div role="status">${said?.status && html`<p>
          <strong class=${said.status < 400 ? "good" : "wrong"}>${said.status}</strong> in ${said.milliseconds} ms
        </p>`}
        ${said?.failed && html`<p class="wrong">${said.failed}</p>`}</div>
      ${said?.headers && html`<details class="nested"><summary>Headers</summary>
        <${Code} text=${said.headers} label="Headers of the answer" /></details>`}
      ${said?.text && html`<${Code} text=${said.text} label="The answer" />`}
    </details>
  </section>`;
}

async function called(operation, server, form, signal, tell) {
  const values = Object.fromEntries((operation.parameters || []).map((each) => [each.name, form.get(each.name)]));
  const headers = Object.fromEntries(
    (operation.parameters || [])
      .filter((each) => each.in === "header" && values[each.name])
      .map((each) => [each.name, values[each.name]]),
  );
  if (operation.security?.length !== 0) headers.Authorization = `Bearer ${session.key}`;
  const body = form.get(" body");
  if (body !== null) headers["Content-Type"] = "application/json";
  const began = performance.now();
  const answer = await fetch(urlOf(operation, server, values), {
    method: operation.method.toUpperCase(),
    headers,
    body: body ?? undefined,
    signal,
    cache: "no-store",
  });
  const known = {
    status: answer.status,
    milliseconds: Math.round(performance.now() - began),
    headers: [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
  };
  let text = "";
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += decoder.decode(read.value, { stream: true });
    tell({ ...known, busy: true, text: cut(text) });
  }
  tell({ ...known, busy: false, text: cut(pretty(text, answer.headers.get("Content-Type"))) });
}

const cut = (text) =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more characters` : text;

function pretty(text, media) {
  if (!(media || "").startsWith("application/json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
