// A key as a form has it, all in text, and what of it the API takes.
export const LIMITS = [
  "requestsPerMinute", "tokensPerMinute", "usdPerMinute", "concurrentRequests", "dailyBudget", "monthlyBudget",
];
export const MONEY = new Set(["usdPerMinute", "dailyBudget", "monthlyBudget"]);
export const SCOPES = ["inference", "models:read", "billing:read", "analytics:read", "keys:manage"];

// The form of a key, or of a new one that may do what its maker may, but for making keys.
export function formOf(key, me) {
  const may = (scope) => me.admin || me.scopes.includes(scope);
  const limits = key.limits ?? {};
  return {
    name: key.name ?? "",
    teamId: key.teamId ?? "",
    scopes: key.scopes ?? SCOPES.filter((scope) => scope !== "keys:manage" && may(scope)),
    models: (key.allowedModels ?? []).join(", "),
    addresses: (key.allowedIps ?? []).join(", "),
    expires: localDate(key.expiresAt),
    limits: Object.fromEntries(LIMITS.map((name) => [name, String(limits[name] ?? "")])),
    cap: key.cap ?? "lower",
    cacheSeconds: key.cacheSeconds ? String(key.cacheSeconds) : "",
    aliases: Object.entries(key.aliases ?? {}).map(([name, model]) => `${name} = ${model}`).join("\n"),
    pricePercent: key.pricePercent ? String(key.pricePercent) : "",
  };
}

// What is sent for a form: for a new key what is filled in, for a known one what differs from how it was.
export function bodyOf(form, was = null) {
  const body = whole(form);
  if (!was) return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const before = whole(was);
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !same(value, before[name])));
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Limits and models of a form, as keys and plans have them: null where none is filled in.
export function termsIn(form) {
  const filled = LIMITS.filter((name) => form.limits[name].trim());
  const limits = filled.map((name) => [name, MONEY.has(name) ? form.limits[name].trim() : numeric(form.limits[name])]);
  return {
    limits: limits.length ? Object.fromEntries(limits) : null,
    allowedModels: listed(form.models),
  };
}

function whole(form) {
  return {
    name: form.name.trim(),
    teamId: form.teamId || null,
    scopes: form.scopes,
    ...termsIn(form),
    allowedIps: listed(form.addresses),
    expiresAt: endOf(form.expires),
    cap: form.cap === "lower" ? null : form.cap,
    cacheSeconds: form.cacheSeconds.trim() ? numeric(form.cacheSeconds) : null,
    aliases: aliased(form.aliases),
    pricePercent: form.pricePercent.trim() ? numeric(form.pricePercent) : null,
  };
}

// A number as typed; what is none goes as it is, for the API says what is wrong with it, and names the field.
const numeric = (text) => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim());

function listed(text) {
  const found = text.split(/[,\s]+/).filter(Boolean);
  return found.length ? found : null;
}

function aliased(text) {
  const pairs = text.split("\n").filter((line) => line.trim()).map((line) => line.split("="));
  const found = pairs.map(([name, ...model]) => [name.trim(), model.join("=").trim()]);
  return found.length ? Object.fromEntries(found) : null;
}

// A day of the reader's zone in a date field, and the last second of it.
function localDate(moment) {
  if (!moment) return "";
  const at = new Date(moment);
  const two = (value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function endOf(date) {
  if (!date) return null;
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year, month - 1, day, 23, 59, 59).toISOString();
}
