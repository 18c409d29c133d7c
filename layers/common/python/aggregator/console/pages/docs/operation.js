// One operation: what it does, takes and answers, how to call it, and a place to try it.
import { html, useState } from "../h.js";
import { examplesOf, resolved, textOf } from "./document.js";
import { Choice, Method, Prose, Words } from "./parts.js";
import { Field, Schema } from "./schema.js";
import { snippetsOf } from "./snippets.js";
import { mayTry, Trying } from "./trying.js";

export function Operation({ document, operation, server }) {
  const parameters = operation.parameters || [];
  const content = operation.requestBody?.content || {};
  const bodies = examplesOf(content);
  return html`
    <h1>${operation.summary}</h1>
    <p class="path"><${Method} method=${operation.method} /> <code>${operation.path}</code></p>
    <${Prose} text=${operation.description} />
    <p class="quiet"><${Words} text=${keyFor(operation)} /></p>
    <section aria-labelledby="calling"><h2 id="calling">Call it</h2>
      <${Choice} label="How to call it" choices=${snippetsOf(operation, server)} />
    </section>
    ${
      parameters.length > 0 &&
      html`<section aria-labelledby="parameters"><h2 id="parameters">Parameters</h2>
      <ul class="fields">${parameters.map(
        (each) => html`<${Field} ...${each} place=${each.in} document=${document} schema=${withExample(each)} />`,
      )}</ul>
    </section>`
    }
    ${
      operation.requestBody &&
      html`<section aria-labelledby="body"><h2 id="body">Body</h2>
      ${Object.entries(content).map(
        ([media, { schema }]) => html`<h3><code>${media}</code></h3>
          <${Schema} document=${document} schema=${schema} />`,
      )}
      <${Choice} label="Example of a body" choices=${choicesOf(bodies)} />
    </section>`
    }
    ${mayTry(operation) && html`<${Trying} operation=${operation} server=${server} body=${bodies[0]?.value} />`}
    <section aria-labelledby="answers"><h2 id="answers">Answers</h2>
      ${Object.entries(operation.responses).map(
        ([status, each]) => html`<${Answer}
          status=${status}
          answer=${resolved(document, each)}
          document=${document}
        />`,
      )}
    </section>`;
}

const withExample = (parameter) =>
  parameter.example === undefined ? parameter.schema : { ...parameter.schema, examples: [parameter.example] };

const choicesOf = (examples) => examples.map((each) => ({ name: each.name, text: textOf(each.value) }));

function keyFor({ security }) {
  if (security?.length === 0) return "Needs no key.";
  const ways = (security || []).map((each) => Object.keys(each)[0]);
  return ways.includes("apiKey")
    ? "Needs a key: `Authorization: Bearer <key>` or `x-api-key: <key>`."
    : "Needs a key: `Authorization: Bearer <key>`.";
}

// A good answer is open, an error opens on demand.
function Answer({ document, status, answer }) {
  const good = status.startsWith("2");
  const [open, setOpen] = useState(good);
  const headers = Object.entries(answer.headers || {}).map(([name, each]) => [name, resolved(document, each)]);
  const content = Object.entries(answer.content || {});
  return html`<details class="card answer" open=${good} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>
      <strong class=${good ? "good" : "wrong"}>${status}</strong>${" "}<${Words} text=${answer.description} />
    </summary>
    ${
      open &&
      html`
      ${content.map(
        ([media, { schema }]) => html`<h3><code>${media}</code></h3>
          ${schema && html`<${Schema} document=${document} schema=${schema} />`}`,
      )}
      <${Choice} label=${`Example of a ${status}`} choices=${choicesOf(examplesOf(answer.content))} />
      ${
        headers.length > 0 &&
        html`<details class="nested"><summary>Headers: ${headers.length}</summary>
        <ul class="fields">${headers.map(
          ([name, each]) => html`<${Field} name=${name} ...${each} schema=${withExample(each)} document=${document} />`,
        )}</ul>
      </details>`
      }`
    }
  </details>`;
}
