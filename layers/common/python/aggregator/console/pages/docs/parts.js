// Small things of the reference: prose, code to copy, a choice of examples.
import { html, useState } from "../h.js";

// Text of the document: paragraphs of words, with `code` between back-ticks. It is text and never HTML.
export function Prose({ text }) {
  return text
    ? text
        .trim()
        .split(/\n\s*\n/)
        .map((paragraph) => html`<p><${Words} text=${paragraph} /></p>`)
    : null;
}

export function Words({ text }) {
  return text.split("`").map((part, at) => (at % 2 ? html`<code>${part}</code>` : part));
}

export function Code({ text, label }) {
  const [said, setSaid] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select and copy by hand");
    }
    setTimeout(() => setSaid("Copy"), 2000);
  };
  return html`<div class="code">
    <button type="button" onClick=${copy} aria-label=${`Copy: ${label}`}>
      <span aria-live="polite">${said}</span>
    </button>
    <pre tabindex="0" role="region" aria-label=${label}><code>${text}</code></pre>
  </div>`;
}

// Some texts of which one is seen: tabs by arrow keys, as a group of radio buttons.
export function Choice({ label, choices }) {
  const [at, setAt] = useState(0);
  const shown = choices[Math.min(at, choices.length - 1)];
  if (!shown) return null;
  return html`<div class="choice">
    ${
      choices.length > 1 &&
      html`<fieldset class="tabs"><legend class="hidden">${label}</legend>
      ${choices.map(
        (each, index) => html`<label>
          <input type="radio" name=${label} checked=${each === shown} onChange=${() => setAt(index)} />
          <span>${each.name}</span>
        </label>`,
      )}
    </fieldset>`
    }
    <${Code} text=${shown.text} label=${`${label}: ${shown.name}`} />
  </div>`;
}

export function Method({ method }) {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}
