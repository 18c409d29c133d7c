// Starts the console.
import { html, render } from "./h.js";

const root = document.getElementById("console");
root.replaceChildren();
render(html`<main><h1>Console</h1></main>`, root);
