import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = {
  '@presenced/client': at('packages/client/src/index.ts'),
  '@presenced/react': at('packages/react/src/index.ts'),
};

interface More {
  folder?: string;
  alias?: Record<string, string>;
  env?: Record<string, string>;
}

const project = (name: string, more: More = {}): TestProjectInlineConfiguration => ({
  resolve: { alias: { ...alias, ...more.alias } },
  test: {
    name,
    include: [`${more.folder ?? `packages/${name}`}/test/**/*.test.{ts,tsx}`],
    env: more.env ?? {},
    testTimeout: 20_000,
    // The end-to-end suite's own modules are run as they are, also where a page is simulated.
    server: { deps: { external: [/\/tests\/e2e\//] } },
  },
});

export default defineConfig({
  test: {
    projects: [
      project('packages', { folder: 'testing' }),
      project('client'),
      project('react', { env: { REACT: '19' } }),
      // The same tests with the React before.
      project('react-18', {
        folder: 'packages/react',
        env: { REACT: '18' },
        alias: {
          react: at('react-18/node_modules/react'),
          'react-dom': at('react-18/node_modules/react-dom'),
        },
      }),
      project('vue'),
      project('react-native'),
    ],
  },
});
