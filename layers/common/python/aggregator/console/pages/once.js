// An Idempotency-Key that nobody had: what is sent again under it is done once.
export function freshKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return `console-${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
