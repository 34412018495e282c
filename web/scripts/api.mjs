// Turns the services' OpenAPI documents into TypeScript types: contracts/openapi/<service>.json → src/api/generated/<service>.d.ts.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const documents = new URL('../../contracts/openapi/', import.meta.url);
const generated = new URL('../src/api/generated/', import.meta.url);

/** ASP.NET describes a number as ["integer", "string"] (it reads both); what it writes, and what we send, is a number. */
function numbersOnly(node) {
  if (Array.isArray(node)) return node.map(numbersOnly);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, numbersOnly(value)]));
  if (Array.isArray(copy.type) && copy.type.some((type) => type === 'integer' || type === 'number')) {
    copy.type = copy.type.filter((type) => type !== 'string');
    if (copy.type.length === 1) [copy.type] = copy.type;
    delete copy.pattern;
  }
  return copy;
}

/** ASP.NET calls every property of a record required. What may be null may as well be left out: of what we send, and of what we read. */
function nullsOptional(node) {
  if (Array.isArray(node)) return node.map(nullsOptional);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, nullsOptional(value)]));
  if (Array.isArray(copy.required) && copy.properties) {
    const nullable = (schema) => [schema?.type].flat().includes('null') || (schema?.oneOf ?? schema?.anyOf ?? []).some((choice) => choice.type === 'null');
    copy.required = copy.required.filter((name) => !nullable(copy.properties[name]));
    if (copy.required.length === 0) delete copy.required;
  }
  return copy;
}

/** A group mapped with "/" is documented with a slash at the end; both addresses are answered, we use the bare one. */
function bareAddresses(document) {
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path.replace(/(.)\/$/, '$1'), item]);
  return { ...document, paths: Object.fromEntries(paths) };
}

await mkdir(generated, { recursive: true });
const names = (await readdir(documents)).filter((name) => name.endsWith('.json')).sort();
if (names.length === 0) throw new Error('no OpenAPI documents in contracts/openapi');
for (const name of names) {
  const document = bareAddresses(nullsOptional(numbersOnly(JSON.parse(await readFile(new URL(name, documents), 'utf8')))));
  const types = astToString(await openapiTS(document));
  await writeFile(new URL(name.replace(/\.json$/, '.d.ts'), generated), types);
}
console.log(`api: ${names.map((name) => fileURLToPath(new URL(name, documents)).split('/').pop()).join(', ')}`);
