// A request as code to copy: curl, and Python with the openai package. The key stays in the environment.
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function posted(server, path, body) {
  return `curl ${body.stream ? "-N " : ""}${server}${path} \\
  -H "Authorization: Bearer $AGGREGATOR_API_KEY" -H "Content-Type: application/json" \\
  -d ${quoted(JSON.stringify(body, null, 2))}`;
}

export const curl = (server, body) => posted(server, "/v1/chat/completions", body);

const client = (server) => `import os

from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(`${server}/v1`)}, api_key=os.environ["AGGREGATOR_API_KEY"])
`;

export function python(server, body) {
  const rest = body.stream
    ? `for chunk in answer:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")`
    : "print(answer.choices[0].message.content)";
  return `${client(server)}answer = client.chat.completions.create(**${literal(forPackage(body))})\n${rest}`;
}

// The package takes the fields that it knows by name, and all others in `extra_body`.
const KNOWN = new Set([
  "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n",
  "seed", "stop", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "verbosity",
  "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "metadata", "service_tier", "user",
]);

function forPackage(body) {
  const known = Object.entries(body).filter(([name]) => KNOWN.has(name));
  const others = Object.entries(body).filter(([name]) => !KNOWN.has(name));
  return { ...Object.fromEntries(known), ...(others.length ? { extra_body: Object.fromEntries(others) } : {}) };
}

export function embeddings(server, body) {
  const code = `answer = client.embeddings.create(**${literal(body)})\nprint(len(answer.data[0].embedding))`;
  return [posted(server, "/v1/embeddings", body), client(server) + code];
}

// A value as Python writes it. Strings of JSON are strings of Python, but for halves of letters, which JSON.stringify
// escapes, and Python reads the same.
export function literal(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const parts = Array.isArray(value)
    ? value.map((each) => literal(each, deeper))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${literal(each, deeper)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (!parts.length) return open + close;
  return `${open}\n${parts.map((each) => `${deeper}${each},\n`).join("")}${indent}${close}`;
}
