// The first view of the reference: where the API is, how to call it, all operations, all refusals.
import { html } from "../h.js";
import { to } from "../route.js";
import { examplesOf } from "./document.js";
import { Method, Prose, Words } from "./parts.js";

export function Overview({ document, operations, server }) {
  return html`
    <h1>${document.info.title}</h1>
    <${Prose} text=${document.info.description} />
    <dl class="facts">
      <dt>OpenAI's clients</dt><dd><code>${server}/v1</code></dd>
      <dt>Anthropic's clients</dt><dd><code>${server}/proxy/anthropic</code></dd>
      <dt>The document</dt><dd><a href="${server}/openapi.json">openapi.json</a>, OpenAPI ${document.openapi}</dd>
    </dl>
    <h2>The key</h2>
    <ul>${Object.values(document.components.securitySchemes).map(
      (each) => html`<li><${Prose} text=${each.description} /></li>`,
    )}</ul>
    ${document.tags.map(
      (tag) => html`<section><h2>${tag.name}</h2><${Prose} text=${tag.description} />
      <ul class="operations">${operations
        .filter((each) => each.tag === tag.name)
        .map(
          (each) => html`<li>
        <a href=${to("operation", {}, each.id)}>${each.summary}</a>${" "}
        <span class="path"><${Method} method=${each.method} /> <code>${each.path}</code></span></li>`,
        )}</ul></section>`,
    )}
    <h2>Refusals</h2>
    <p>Each has the same envelope, <a href=${to("schema", {}, "Error")}>Error</a>. These are its codes.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Refusals"><table>
      <thead><tr><th scope="col">Status</th><th scope="col">When</th><th scope="col">Codes</th></tr></thead>
      <tbody>${refusalsOf(document).map(
        ({ status, when, codes }) => html`<tr>
        <td data-title="Status">${status}</td><td data-title="When"><div><${Words} text=${when} /></div></td>
        <td data-title="Codes"><div>${codes.map((code) => html`<code>${code}</code> `)}</div></td></tr>`,
      )}</tbody>
    </table></div>`;
}

// Answers that are refusals, a row for each status: several groups of operations have one of their own.
function refusalsOf(document) {
  const rows = {};
  for (const [name, answer] of Object.entries(document.components.responses)) {
    const row = (rows[name.replace(/\D+/, "")] ??= { when: answer.description, codes: new Set() });
    examplesOf(answer.content).forEach((each) => each.value?.error?.code && row.codes.add(each.value.error.code));
  }
  return Object.entries(rows).map(([status, { when, codes }]) => ({ status, when, codes: [...codes] }));
}
