import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = {
  '@presenced/client': at('packages/client/src/index.ts'),
};

const project = (name: string, more: { alias?: Record<string, string> } = {}): TestProjectInlineConfiguration => ({
  resolve: { alias: { ...alias, ...more.alias } },
  test: {
    name,
    include: [`packages/${name}/test/**/*.test.{ts,tsx}`],
    testTimeout: 20_000,
    // The end-to-end suite's own modules are run as they are, also where a page is simulated.
    server: { deps: { external: [/\/tests\/e2e\//] } },
  },
});

export default defineConfig({
  test: { projects: [project('client')] },
});
