// The built packages in a plain Node.js, which loads them as an application does.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const names = ['client', 'react', 'vue', 'react-native'].map((name) => `@presenced/${name}`);
const node = (...args: string[]) =>
  JSON.parse(execFileSync(process.execPath, args, { cwd: new URL('..', import.meta.url), encoding: 'utf8' })) as string[];

test.each(names)('%s has the same exports by import and by require', (name) => {
  const print = 'console.log(JSON.stringify(Object.keys(module).sort()))';
  const imported = node('--input-type=module', '-e', `import * as module from '${name}'; ${print}`);
  const required = node('--input-type=commonjs', '-e', `{ const module = require('${name}'); ${print} }`);
  expect(imported.length).toBeGreaterThan(1);
  expect(required).toEqual(imported);
});
