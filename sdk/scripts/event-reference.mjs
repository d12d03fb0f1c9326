// docs/guide/events.md: every event of api/asyncapi.yaml with its fields, for people.

const HEAD = `<!-- Generated from api/asyncapi.yaml by \`npm run generate\` in sdk/; change that file instead. -->

# Events

What clients and server say to each other: Socket.IO events with one argument each, an object. Every event
of a client may carry an acknowledgement; then the answer is its single argument, or
\`{ error: { code, message } }\`. Without one the answer is an event of its own, and a refusal is
\`presence_error\`. A field that has no value is absent, never null. Times are milliseconds since the epoch
by the server's clock. What is older than what is known of a user, by \`version\`, is to be dropped.

A connection begins with \`auth\`, the payload of CONNECT:
`;

const last = (ref) => ref.split('/').at(-1);
const anchor = (name) => name.toLowerCase();

function typeOf(schema) {
  if (schema.$ref) return `[${last(schema.$ref)}](#${anchor(last(schema.$ref))})`;
  if (schema.const) return `\`${schema.const}\``;
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  if (schema.type === 'object') return 'object';
  return schema.type;
}

function table({ properties, required = [] }) {
  const rows = Object.entries(properties).map(([name, schema]) =>
    `| \`${name}\`${required.includes(name) ? '' : ' ?'} | ${typeOf(schema)} | ${schema.description ?? ''} |`);
  return ['| field | type | |', '|---|---|---|', ...rows].join('\n');
}

function body(schema) {
  const text = schema.description ? `${schema.description.trim()}\n\n` : '';
  if (schema.enum) return `${text}${schema.enum.map((value) => `\`${value}\``).join(', ')}`;
  if (schema.oneOf) return `${text}${schema.oneOf.map(typeOf).join(' or ')}`;
  return text + table(schema);
}

/** The text of events.md for this AsyncAPI document. */
export function eventReference({ operations, components: { messages, schemas } }) {
  const payload = (message) => last(messages[message].payload.$ref);
  const named = (action) => Object.entries(operations).filter(([, operation]) => operation.action === action);
  const link = (name) => `[${name}](#${anchor(name)})`;
  const requests = named('receive').map(([name, { reply }]) => {
    const ack = last(reply.messages[0].$ref);
    return `| \`${name}\` | ${messages[name].summary.trim()} | ${link(payload(name))} | ${link(payload(ack))}: ${messages[ack].summary.trim()} |`;
  });
  const events = named('send').map(([name]) =>
    `| \`${name}\` | ${messages[name].summary.trim()} | ${link(payload(name))} |`);
  return [
    HEAD,
    table(schemas.ConnectPayload),
    '\nA refusal is a `connect_error` whose `data` is a [ConnectErrorData](#connecterrordata).',
    '\n## From the client\n',
    '| event | | payload | acknowledgement |\n|---|---|---|---|',
    ...requests,
    '\n## From the server\n',
    '| event | | payload |\n|---|---|---|',
    ...events,
    '\n## Payloads\n\n`?` marks fields that may be absent.',
    ...Object.entries(schemas)
      .filter(([name]) => name !== 'ConnectPayload')
      .map(([name, schema]) => `\n### ${name}\n\n${body(schema)}`),
    '',
  ].join('\n');
}
