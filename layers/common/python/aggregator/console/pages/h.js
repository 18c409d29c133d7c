// What every view draws with: preact's h as a template, and its hooks.
import htm from "htm";
import { h, render } from "preact";
export { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

export const html = htm.bind(h);
export { render };
