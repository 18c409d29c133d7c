// A schema as a list of fields; objects inside open on demand, so that a deep one stays readable.
import { html, useState } from "../h.js";
import { to } from "../route.js";
import { limitsOf, nestedIn, typeOf } from "./document.js";
import { Prose } from "./parts.js";

// The fields of what a body or an answer is. `above` are the names that were opened on the way: a circle becomes a
// link.
export function Schema({ document, schema, above = [] }) {
  const objects = nestedIn(document, schema);
  if (!objects.length) return html`<p class="quiet"><code>${typeOf(schema)}</code> ${limitsOf(schema).join("; ")}</p>`;
  if (objects.length === 1) return html`<${Fields} document=${document} ...${objects[0]} above=${above} />`;
  return html`<p class="quiet">One of these:</p>
    ${objects.map((each) => html`<${Nested} document=${document} ...${each} above=${above} />`)}`;
}

export function Fields({ document, name, schema, above }) {
  const required = schema.required || [];
  const seen = name ? [...above, name] : above;
  return html`<ul class="fields">
    ${Object.entries(schema.properties).map(
      ([field, each]) => html`<${Field}
        key=${field}
        name=${field}
        schema=${each}
        required=${required.includes(field)}
        document=${document}
        above=${seen}
      />`,
    )}
    ${schema.additionalProperties === true && html`<li class="quiet">Other fields are taken as well.</li>`}
  </ul>`;
}

export function Field({ name, schema, required, description = schema.description, document, above = [], place }) {
  const limits = limitsOf(schema);
  const example = (schema.examples || [])[0];
  return html`<li>
    <div class="field-head">
      <code class="name">${name}</code> <span class="type">${typeOf(schema)}</span>
      ${place && html` <span class="quiet">in ${place}</span>`}
      ${required && html` <strong class="required">required</strong>`}
    </div>
    <${Prose} text=${description} />
    ${limits.length > 0 && html`<p class="quiet">${limits.join("; ")}</p>`}
    ${example !== undefined && html`<p class="quiet">Example: <code>${JSON.stringify(example)}</code></p>`}
    ${nestedIn(document, schema).map((each) => html`<${Nested} document=${document} ...${each} above=${above} />`)}
  </li>`;
}

function Nested({ document, name, schema, above }) {
  const [open, setOpen] = useState(false);
  if (name && above.includes(name)) return html`<p><a href=${to("schema", {}, name)}>${name}</a>, as above</p>`;
  const count = Object.keys(schema.properties).length;
  return html`<details class="nested" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${name || "Object"}: ${count} ${count === 1 ? "field" : "fields"}</summary>
    ${open && html`<${Prose} text=${schema.description} />
      <${Fields} document=${document} name=${name} schema=${schema} above=${above} />`}
  </details>`;
}
