// Writes what is generated from api/asyncapi.yaml: the client's types and the event reference.
import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';

import { eventReference } from './event-reference.mjs';
import { wireTypes } from './wire-types.mjs';

const repository = new URL('../../', import.meta.url);

export async function readDocument() {
  return parse(await readFile(new URL('api/asyncapi.yaml', repository), 'utf8'));
}

/** The generated files, by their path in the repository: what they should hold. */
export async function generated(document) {
  return {
    'sdk/packages/client/src/wire.ts': await wireTypes(document),
    'docs/guide/events.md': eventReference(document),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [path, text] of Object.entries(await generated(await readDocument()))) {
    await writeFile(new URL(path, repository), text);
  }
}
