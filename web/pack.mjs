// Builds the page at `/` (vite.config.js), and packs what presenced serves to browsers into two files for
// the C++ build:
//   assets.bin    every file in every coding, one after the other
//   embedded.cc   the tables that say what lies where, as src/page/assets.h declares them
//
// usage: node web/pack.mjs OUTPUT_DIRECTORY
//
// The same inputs give the same outputs, byte for byte.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, constants, deflateSync, gzipSync} from 'node:zlib';
import {build} from 'vite';
import config from './vite.config.js';

const web = dirname(fileURLToPath(import.meta.url));
const client = join(web, 'node_modules', 'socket.io-client');

const contentTypes = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'application/javascript; charset=utf-8',
  map: 'application/json; charset=utf-8',
};

const quoted = (text) => `"${text}"`;

function bundleFiles() {
  const {version} = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  const scripts = ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js',
    'socket.io.msgpack.min.js'];
  return scripts.flatMap((name) => [name, `${name}.map`]).map((name) => ({
    path: name,
    bytes: readFileSync(join(client, 'dist', name)),
    etag: quoted(version),
    cacheControl: 'public, max-age=0',
  }));
}

async function pageFiles() {
  const {output} = await build({...config, configFile: false, logLevel: 'warn',
    build: {...config.build, write: false}});
  return output.map(({fileName, code, source}) => {
    const bytes = Buffer.from(code ?? source);
    const isPage = fileName === 'index.html';
    return {
      path: isPage ? '/' : `/${fileName}`,
      file: fileName,
      bytes,
      etag: quoted(createHash('sha256').update(bytes).digest('hex').slice(0, 16)),
      // The names of the others hold a hash of what is in them.
      cacheControl: isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
    };
  });
}

function sampleUsers() {
  const contacts = JSON.parse(readFileSync(join(web, '..', 'conf', 'sample-contacts.json'), 'utf8'));
  const users = new Set(Object.keys(contacts));
  for (const list of Object.values(contacts)) list.forEach((user) => users.add(user));
  return JSON.stringify([...users].sort());
}

function compressed(bytes) {
  const codings = {
    br: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
    gzip: gzipSync(bytes, {level: 9}),
    deflate: deflateSync(bytes, {level: 9}),  // `deflate` of HTTP is the zlib format
  };
  const nothing = Buffer.alloc(0);
  return Object.values(codings).map((coded) => (coded.length < bytes.length ? coded : nothing));
}

const chunks = [];
let offset = 0;
const literal = (text) => JSON.stringify(text);  // the texts here are ASCII without odd escapes

function view(bytes) {
  const text = `{kBytes + ${offset}, ${bytes.length}}`;
  chunks.push(bytes);
  offset += bytes.length;
  return text;
}

function row({path, file = path, bytes, etag, cacheControl}) {
  const contentType = contentTypes[file.split('.').at(-1)];
  const texts = [path, contentType, etag, cacheControl].map(literal);
  const views = [bytes, ...compressed(bytes)].map(view);
  return `  {${[...texts, ...views].join(', ')}},\n`;
}

const table = (name, files) => `constexpr Asset ${name}[] = {\n${files.map(row).join('')}};\n`;

async function embedded() {
  const tables = table('kBundle', bundleFiles()) + table('kPage', await pageFiles());
  return `// Written by web/pack.mjs.
#include "page/assets.h"

extern "C" const char presenced_page_bytes[${offset}];

namespace page {
namespace {
constexpr const char* kBytes = presenced_page_bytes;
${tables}
constexpr std::string_view kSampleUsers = ${literal(sampleUsers())};
}  // namespace

std::span<const Asset> embedded_bundle() { return kBundle; }
std::span<const Asset> embedded_page() { return kPage; }
std::string_view embedded_sample_users() { return kSampleUsers; }

}  // namespace page
`;
}

const out = process.argv[2];
if (!out) {
  console.error('usage: node web/pack.mjs OUTPUT_DIRECTORY');
  process.exit(2);
}
mkdirSync(out, {recursive: true});
writeFileSync(join(out, 'embedded.cc'), await embedded());
writeFileSync(join(out, 'assets.bin'), Buffer.concat(chunks));
