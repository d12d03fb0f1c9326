// packages/client/src/wire.ts: the schemas of api/asyncapi.yaml as TypeScript types, and the events by
// name.
import { compile } from 'json-schema-to-typescript';

const last = (ref) => ref.split('/').at(-1);

// Every type gets a note about where it was referenced; it names nothing that a reader can look up.
function withoutNotes(types) {
  const note = / \* This interface was referenced by .*\n \* via the .*\n/;
  return types
    .replace(/export interface Wire \{[^}]*\}\n/, '')
    .replace(new RegExp(`/\\*\\*\n${note.source} \\*/\n`, 'g'), '')
    .replace(new RegExp(` \\*\n${note.source}`, 'g'), '');
}

/** The text of wire.ts for this AsyncAPI document. */
export async function wireTypes(document) {
  const { schemas, messages } = withDefinitions(document).components;
  const types = await compile({ definitions: schemas, $id: 'Wire' }, 'Wire', {
    additionalProperties: false,
    bannerComment: '',
    declareExternallyReferenced: true,
    unreachableDefinitions: true,
    // References are to the document, where the schemas lie elsewhere than in a schema of their own.
    $refOptions: { resolve: { external: false } },
  });
  const payload = (message) => last(messages[message].payload.$ref);
  const operations = Object.entries(document.operations);
  const requests = operations.filter(([, { action }]) => action === 'receive');
  const events = operations.filter(([, { action }]) => action === 'send');
  return [
    '// Generated from api/asyncapi.yaml by `npm run generate`; change that file instead.\n',
    withoutNotes(types).trim(),
    '',
    '/** What the server emits, by event. */',
    'export interface ServerEvents {',
    ...events.map(([name]) => `  /** ${messages[name].summary} */\n  ${name}: ${payload(name)};`),
    '}',
    '',
    '/** What the server takes, by event, and how it acknowledges it. */',
    'export interface ClientEvents {',
    ...requests.map(([name, { reply }]) =>
      `  /** ${messages[name].summary} */\n` +
      `  ${name}: { payload: ${payload(name)}; ack: ${payload(last(reply.messages[0].$ref))} };`),
    '}',
    '',
  ].join('\n');
}

// References into the AsyncAPI document, as references into a JSON schema with definitions.
export function withDefinitions(document) {
  return JSON.parse(JSON.stringify(document).replaceAll('#/components/schemas/', '#/definitions/'));
}
