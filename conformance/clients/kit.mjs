// What the clients' scripts for Node share: kit.py, in JavaScript. No package but Node's own.

import { randomUUID } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";

const env = process.env;
export const BASE_URL = env.BASE_URL;
export const API_KEY = env.API_KEY;
export const MODEL = env.MODEL;
export const CLAUDE_MODEL = env.CLAUDE_MODEL;
export const ONE_ROUTE = env.ONE_ROUTE;
export const EMBEDDING_MODEL = env.EMBEDDING_MODEL;
export const V1 = `${BASE_URL}/v1`;
export const PROXY = `${BASE_URL}/proxy/openai`;
export const ANTHROPIC_PROXY = `${BASE_URL}/proxy/anthropic`;

export const HELLO = "Good morning";
export const LONG = "[[standin tokens=500 token-delay=10ms]] Tell me everything";
export const LEAST_PIECES = 5;
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const DATA_URI = `data:image/png;base64,${PIXEL}`;
export const IMAGE_URL = "https://images.example.com/cat.png";
export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const RESULTS = { get_weather: "17 degrees and sunny", get_time: "half past nine" };
const FAULTS = {
  wrong_key: { key: env.WRONG_KEY, text: HELLO, status: 401 },
  no_money: { key: env.POOR_KEY, text: HELLO, status: 402 },
  no_model: { key: env.API_KEY, model: "no-such-model", text: HELLO, status: 404 },
  rate_limit: { key: env.API_KEY, text: "[[standin status=429]] Hello", status: 429 },
  provider_fault: { key: env.API_KEY, text: "[[standin status=500]] Hello", status: 502 },
};
const WAIT_SECONDS = 3;
const NEVER_RETRIED = ["wrong_key", "no_money", "no_model"];

/** Collects a client's checks and runs them, one JSON line each; whatever else is printed goes to stderr. */
export class Checks {
  #checks = new Map();
  #absent = new Map();

  constructor(title, ...packages) {
    this.title = title;
    this.packages = packages;
    console.log = console.info = console.error;
  }

  /** Take a function as the check `name`; it returns the words for its cell, or throws. */
  check(name, check) {
    this.#checks.set(name, check);
  }

  /** Say what the client does not do. */
  absent(...names) {
    for (const name of names) this.#absent.set(name, "not in this client");
  }

  /** Add the checks of errors: `ask(key, model, text)` has to fail with an error of which `is(error)` is true. */
  faults(ask, is) {
    for (const name of Object.keys(FAULTS)) this.check(name, () => refused(name, ask, is[name]));
  }

  /** Add the check that a failed first try is made up for by the client, and charged once. */
  retry(ask, model) {
    this.check("retry", async () => {
      const mark = await at();
      const once = `[[standin status=429 retry-after=${WAIT_SECONDS} times=1 id=${randomUUID()}]] ${HELLO}`;
      answered(await ask(API_KEY, model, once));
      const [first, second, ...more] = await exchangesSince(mark);
      assert(first.status === 429 && second.status < 300 && !more.length, JSON.stringify([first, second, ...more]));
      const bill = await billSince(mark);
      assert(bill.entries === 1 && !bill.twice, JSON.stringify(bill));
      const waited = second.at - first.at;
      const how = waited >= WAIT_SECONDS ? "as told by Retry-After" : "not as told by Retry-After";
      return `2 tries (429, ${second.status}), ${waited.toFixed(0)} s apart, ${how}; 1 charge of ${bill.charged} USD`;
    });
  }

  /** Run all. */
  async run() {
    say({ client: this.title, versions: Object.fromEntries(this.packages.map((name) => [name, versionOf(name)])) });
    for (const [check, detail] of this.#absent) say({ check, ok: null, detail });
    for (const [check, run] of this.#checks) {
      try {
        say({ check, ok: true, detail: (await run()) ?? "" });
      } catch (failed) {
        say({ check, ok: false, detail: `${failed?.constructor?.name}: ${failed?.message}`.slice(0, 600) });
      }
    }
    process.exit(0);
  }
}

export function assert(holds, otherwise) {
  if (!holds) throw new Error(otherwise ?? "does not hold");
}

/** A tool about a city, as chat completions have it. */
export function tool(name) {
  return { type: "function", function: { name, description: name, parameters: WEATHER } };
}

export function answered(text, said = HELLO) {
  assert(typeof text === "string" && text.includes(said), `not the answer to ${said}: ${text}`);
  return text;
}

export function pieces(found, said = HELLO) {
  answered(found.join(""), said);
  assert(found.length >= LEAST_PIECES, `only ${found.length} pieces`);
  return `${found.length} pieces`;
}

export function sawImage(text) {
  assert(String(text).includes("image"), `no image arrived: ${text}`);
  return "the image arrived";
}

export function used(text, ...names) {
  for (const name of names) assert(String(text).includes(RESULTS[name]), `${name}'s result is not in ${text}`);
  return `${names.length} called and answered`;
}

export function vectors(found) {
  assert(found.length === 2 && JSON.stringify(found[0]) !== JSON.stringify(found[1]), "not two different vectors");
  for (const each of found) assert(each.length === 1536 && typeof each[0] === "number", `${each.length} numbers`);
  return "2 vectors of 1536";
}

export async function at() {
  return (await observed("mark")).mark;
}

export async function exchangesSince(mark) {
  return (await observed(`since/${mark}`)).exchanges;
}

export async function statusesSince(mark) {
  return (await exchangesSince(mark)).map((each) => each.status);
}

/** What the requests after a mark came to, once settled: each charged what its tokens cost, and nothing held. */
export async function billSince(mark) {
  const bill = await observed(`bill/${mark}`);
  assert(bill.fair && !bill.missing.length && bill.held === "0.00", JSON.stringify(bill));
  return bill;
}

export async function counted(mark, input, output) {
  const bill = await billSince(mark);
  assert(
    input === bill.inputTokens && output === bill.outputTokens && bill.entries >= 1,
    `the client counts ${input} + ${output}, the ledger ${JSON.stringify(bill)}`,
  );
  return `${input} + ${output} tokens in ${bill.entries} requests, ${bill.charged} USD`;
}

export async function left(mark) {
  const bill = await billSince(mark);
  assert(bill.outcomes.join() === "client_gone" && bill.outputTokens < 500, JSON.stringify(bill));
  return `charged ${bill.outputTokens} of 500 tokens, 0 held`;
}

export async function created(mark) {
  const found = await exchangesSince(mark);
  assert(found.length && found.every((each) => each.path.startsWith("/proxy/")), JSON.stringify(found));
  const chats = found.filter((each) => each.path.endsWith("/chat/completions"));
  assert(chats.every((each) => each.status === 201), JSON.stringify(found));
  return `taken: ${[...new Set(found.map((each) => `${each.status} ${each.path.split("/").at(-1)}`))].sort().join(", ")}`;
}

export async function same(mark, first, second) {
  const found = await exchangesSince(mark);
  assert(found.length === 2 && found[0].idempotency_key, JSON.stringify(found));
  assert(found[0].idempotency_key === found[1].idempotency_key && found[0].request_id !== found[1].request_id);
  assert(JSON.stringify(first) === JSON.stringify(second), "two answers");
  const bill = await observed(`bill/${mark}/1`);
  assert(bill.entries === 1 && bill.fair && !bill.twice, JSON.stringify(bill));
  return `1 charge of ${bill.charged} USD`;
}

async function refused(name, ask, is) {
  const { key, model, text, status } = FAULTS[name];
  const mark = await at();
  let raised;
  try {
    await ask(key, model, text);
  } catch (failed) {
    raised = failed;
  }
  assert(raised, "no error");
  const statuses = await statusesSince(mark);
  assert(statuses.length && statuses.every((each) => each === status), `${raised} after ${statuses}`);
  assert(is(raised, status), `not the client's error for it: ${raised?.constructor?.name} ${raised}`);
  assert(!NEVER_RETRIED.includes(name) || statuses.length === 1, `${statuses.length} tries`);
  return `${raised.constructor.name}, ${statuses.length === 1 ? "1 try" : `${statuses.length} tries`}`;
}

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}

function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function observed(question) {
  const answer = await fetch(`${env.OBSERVER_URL}/${question}`);
  const said = await answer.json();
  assert(answer.ok, JSON.stringify(said));
  return said;
}
