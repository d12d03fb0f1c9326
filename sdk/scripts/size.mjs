// Fails when a package is larger than its budget: minified and gzipped, as a page loads it, without
// what it leaves to the application to bring.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const budgets = { client: 6 * 1024, react: 3 * 1024, vue: 3 * 1024, 'react-native': 1024 };

const packages = new URL('../packages/', import.meta.url);
let tooLarge = false;
for (const [name, budget] of Object.entries(budgets)) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`${name}/dist/index.js`, packages).pathname],
    bundle: true,
    packages: 'external',
    tsconfigRaw: {},
    format: 'esm',
    minify: true,
    write: false,
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  tooLarge ||= size > budget;
  const { name: title } = JSON.parse(await readFile(new URL(`${name}/package.json`, packages), 'utf8'));
  console.log(`${size > budget ? 'too large' : 'ok'}: ${title} ${size} of ${budget} bytes`);
}
process.exitCode = tooLarge ? 1 : 0;
