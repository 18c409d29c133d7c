// The same call for curl, Python and the provider's SDK, at the reader's own server. Text only: nothing here draws or
// calls.
import { examplesOf, exampleOfParameter } from "./document.js";

const KEY = "AGGREGATOR_API_KEY";

// [path behind the base URL, method, the SDK's call, what it takes by position]
const OPENAI = [
  ["/chat/completions", "post", "chat.completions.create"],
  ["/responses", "post", "responses.create"],
  ["/responses/{responseId}", "get", "responses.retrieve", "responseId"],
  ["/responses/{responseId}", "delete", "responses.delete", "responseId"],
  ["/responses/{responseId}/input_items", "get", "responses.input_items.list", "responseId"],
  ["/embeddings", "post", "embeddings.create"],
  ["/models", "get", "models.list"],
  ["/models/{model}", "get", "models.retrieve", "model"],
];
const ANTHROPIC = [
  ["/v1/messages", "post", "messages.create"],
  ["/v1/messages/count_tokens", "post", "messages.count_tokens"],
  ["/v1/models", "get", "models.list"],
  ["/v1/models/{model}", "get", "models.retrieve", "model"],
];
// Where each SDK's base URL may end, and its calls. The first that fits is told.
const SDKS = [
  { name: "openai", kind: "OpenAI", base: "/proxy/openai", calls: OPENAI },
  { name: "anthropic", kind: "Anthropic", base: "/proxy/anthropic", calls: ANTHROPIC },
  { name: "openai", kind: "OpenAI", base: "/v1", calls: OPENAI },
  { name: "anthropic", kind: "Anthropic", base: "", calls: ANTHROPIC },
];

// What the reader sees: [{name, text}]. `body` is the example that is sent, undefined without one.
export function snippetsOf(operation, server, body = bodyOf(operation)) {
  const found = [
    { name: "curl", text: curl(operation, server, body) },
    { name: "Python", text: python(operation, server, body) },
  ];
  const sdk = sdkOf(operation);
  return sdk ? [...found, { name: `Python, ${sdk.name}`, text: withSdk(sdk, operation, server, body) }] : found;
}

export const bodyOf = (operation) =>
  operation.requestBody ? examplesOf(operation.requestBody.content)[0]?.value : undefined;

const isOpen = (operation) => operation.security?.length === 0;

export function urlOf(operation, server, values = {}) {
  const said = (parameter) => values[parameter.name] ?? (parameter.required ? exampleOfParameter(parameter) : "");
  const parameters = operation.parameters || [];
  const path = parameters
    .filter((each) => each.in === "path")
    .reduce(
      (at, each) => at.replace(`{${each.name}}`, encodeURIComponent(said(each) || each.name).replaceAll("%2F", "/")),
      operation.path,
    );
  const query = new URLSearchParams(
    parameters.filter((each) => each.in === "query" && said(each) !== "").map((each) => [each.name, said(each)]),
  );
  return `${server}${path}${query.size ? `?${query}` : ""}`;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(operation, server, body) {
  const method = operation.method === "get" ? "" : `-X ${operation.method.toUpperCase()} `;
  const lines = [`curl ${method}${quoted(urlOf(operation, server))}`];
  if (!isOpen(operation)) lines.push(`-H "Authorization: Bearer $${KEY}"`);
  if (body !== undefined)
    lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body, null, 2))}`);
  return lines.join(" \\\n  ");
}

function python(operation, server, body) {
  const called = [JSON.stringify(urlOf(operation, server))];
  if (!isOpen(operation)) called.push(`headers={"Authorization": f"Bearer {os.environ['${KEY}']}"}`);
  if (body !== undefined) called.push(`json=${literal(body, 1)}`);
  called.push("timeout=60");
  return [
    ...(isOpen(operation) ? [] : ["import os", ""]),
    "import requests",
    "",
    `answer = requests.${operation.method}(`,
    ...called.map((each) => `    ${each},`),
    ")",
    "answer.raise_for_status()",
    "print(answer.text)",
  ].join("\n");
}

function sdkOf(operation) {
  for (const sdk of SDKS) {
    const call = sdk.calls.find(([path, method]) => operation.method === method && operation.path === sdk.base + path);
    if (call) return { ...sdk, call };
  }
  return null;
}

function withSdk({ name, kind, base, call }, operation, server, body) {
  const [, , method, positional] = call;
  const parameter = (operation.parameters || []).find((each) => each.name === positional);
  const given = parameter ? [JSON.stringify(exampleOfParameter(parameter))] : [];
  const fields = Object.entries(body || {}).map(([field, value]) => `${field}=${literal(value, 1)}`);
  const called = fields.length ? `(\n${fields.map((each) => `    ${each},`).join("\n")}\n)` : `(${given.join(", ")})`;
  return [
    "import os",
    "",
    `from ${name} import ${kind}`,
    "",
    `client = ${kind}(base_url=${JSON.stringify(server + base)}, api_key=os.environ["${KEY}"])`,
    `answer = client.${method}${called}`,
    ...(body?.stream ? ["for event in answer:", "    print(event)"] : ["print(answer)"]),
  ].join("\n");
}

// A value as Python writes it.
export function literal(value, depth = 0) {
  const at = "    ".repeat(depth + 1);
  const end = `\n${"    ".repeat(depth)}`;
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value))
    return value.length ? `[\n${value.map((each) => `${at}${literal(each, depth + 1)},`).join("\n")}${end}]` : "[]";
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value);
  return entries.length
    ? `{\n${entries
        .map(([name, each]) => `${at}${JSON.stringify(name)}: ${literal(each, depth + 1)},`)
        .join("\n")}${end}}`
    : "{}";
}
