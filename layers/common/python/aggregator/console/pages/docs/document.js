// Reads the OpenAPI document: its operations, its schemas, an example of each. Nothing here draws.
const METHODS = ["get", "post", "put", "patch", "delete"];

export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({
      ...methods[method],
      method,
      path,
      id: methods[method].operationId,
      tag: methods[method].tags[0],
    })),
  );
}

// What a reference points at, or the thing itself.
export function resolved(document, thing) {
  if (!thing || !thing.$ref) return thing;
  return thing.$ref
    .split("/")
    .slice(1)
    .reduce((at, step) => at[step], document);
}

export const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : null);

// The alternatives of a schema without null, and whether null is one.
export function alternatives(schema) {
  const all = schema.anyOf || schema.oneOf || [schema];
  return { some: all.filter((each) => each.type !== "null"), nullable: all.some((each) => each.type === "null") };
}

export function typeOf(schema) {
  const { some, nullable } = alternatives(schema);
  const said = some.map(plainTypeOf).join(" or ");
  return nullable ? `${said} or null` : said;
}

function plainTypeOf(schema) {
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf || schema.oneOf) return typeOf(schema);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `array of ${schema.items ? typeOf(schema.items) : "anything"}`;
  const values = valuesOf(schema);
  if (values) return `map of ${typeOf(values)}`;
  return schema.format ? `${schema.type} (${schema.format})` : schema.type || (schema.enum ? "text" : "anything");
}

// The schema of a map's values: an object whose names are free.
export function valuesOf(schema) {
  if (schema.properties) return null;
  const free = schema.additionalProperties ?? Object.values(schema.patternProperties || {})[0];
  return typeof free === "object" && Object.keys(free).length ? free : null;
}

// The objects inside a schema that have fields of their own, each with the name of its schema if it has one.
export function nestedIn(document, schema) {
  const { some } = alternatives(schema);
  if (some.length > 1) return some.flatMap((each) => nestedIn(document, each));
  const only = some[0];
  if (!only) return [];
  if (only !== schema && (only.anyOf || only.oneOf)) return nestedIn(document, only);
  const whole = resolved(document, only);
  if (whole.properties) return [{ name: nameOf(only), schema: whole }];
  if (whole.anyOf || whole.oneOf) return nestedIn(document, whole);
  if (whole.type === "array" && whole.items) return nestedIn(document, whole.items);
  const values = valuesOf(whole);
  return values ? nestedIn(document, values) : [];
}

// What limits a value, in words.
export function limitsOf(schema) {
  const { some } = alternatives(schema);
  return some
    .flatMap((each) => [
      each.enum && `one of ${each.enum.map((value) => JSON.stringify(value)).join(", ")}`,
      "minimum" in each && `at least ${each.minimum}`,
      "exclusiveMinimum" in each && `over ${each.exclusiveMinimum}`,
      "maximum" in each && `at most ${each.maximum}`,
      each.minLength && `${each.minLength} or more characters`,
      "maxLength" in each && `${each.maxLength} characters at most`,
      each.minItems && `${each.minItems} or more entries`,
      "maxItems" in each && `${each.maxItems} entries at most`,
      "maxProperties" in each && `${each.maxProperties} fields at most`,
      each.pattern && `matches ${each.pattern}`,
    ])
    .filter(Boolean)
    .concat(schema.default == null ? [] : [`${JSON.stringify(schema.default)} by default`]);
}

// The examples of a body or an answer, by media type: [{name, media, value}].
export function examplesOf(content) {
  return Object.entries(content || {}).flatMap(([media, { examples = {}, example }]) => [
    ...(example === undefined ? [] : [{ name: media, media, value: example }]),
    ...Object.entries(examples).map(([name, each]) => ({
      name: each.summary || (name === "default" ? media : name),
      media,
      value: each.value,
    })),
  ]);
}

export function exampleOfParameter(parameter) {
  const schema = parameter.schema || {};
  const found = parameter.example ?? (schema.examples || [])[0] ?? schema.default ?? (schema.enum || [])[0];
  return found == null ? "" : String(found);
}

export const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

// Operations and schemas that hold all of the words, in their name, path or description.
export function search(document, operations, asked) {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (...texts) => {
    const all = texts.join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  };
  return {
    operations: operations.filter((each) =>
      holds(
        each.method,
        each.path,
        each.id,
        each.summary,
        each.description,
        ...(each.parameters || []).map((one) => one.name),
      ),
    ),
    schemas: words.length
      ? Object.entries(document.components.schemas)
          .filter(([name, schema]) => holds(name, schema.description, ...Object.keys(schema.properties || {})))
          .map(([name]) => name)
      : [],
  };
}
