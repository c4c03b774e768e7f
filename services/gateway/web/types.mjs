// Writes src/api.d.ts from the gateway's OpenAPI document: node types.mjs OPENAPI.json
// An answer always has all of its values, only messages within it may be absent; what is
// asked for may leave any out. So that a page need not doubt every value, what the answers
// reach is said with all values required, and what requests reach has schemas of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const doc = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const PREFIX = '#/components/schemas/', schemas = doc.components.schemas;

/** A copy in which every reference to a schema leads to its twin for requests. */
const asked = (schema) => JSON.parse(JSON.stringify(schema).replaceAll(`"${PREFIX}`, `"${PREFIX}asked.`));

const isMessage = (schema) => schema.$ref && schemas[schema.$ref.slice(PREFIX.length)]?.type === 'object';
for (const [name, schema] of Object.entries(schemas)) {
  schemas[`asked.${name}`] = asked(schema);
  if (name !== 'Problem' && schema.type === 'object')
    schema.required = Object.keys(schema.properties ?? {}).filter((key) => !isMessage(schema.properties[key]));
}
for (const operation of Object.values(doc.paths).flatMap((methods) => Object.values(methods))) {
  const body = operation.requestBody?.content?.['application/json'];
  if (body) body.schema = asked(body.schema);
}
writeFileSync(new URL('src/api.d.ts', import.meta.url), astToString(await openapiTS(doc)));
