// How the page at `/` is built; pack.mjs embeds the result in the server. `npm run dev` serves it while
// it is being worked on, beside a server that `./dev run` started.
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.PRESENCED_URL ?? 'http://127.0.0.1:8080';

/** @type {import('vitest/config').ViteUserConfig} */
export default {
  root: at('.'),
  base: './',
  resolve: {
    // The packages as they are in this repository, with what this folder's lock file names below them.
    alias: {
      '@presenced/client': at('../sdk/packages/client/src/index.ts'),
      '@presenced/react': at('../sdk/packages/react/src/index.ts'),
    },
    dedupe: ['react', 'react-dom', 'socket.io-client'],
  },
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    assetsDir: 'demo',
    modulePreload: false,
    // The page's policy allows no images but `data:`, and there are none.
    assetsInlineLimit: 0,
  },
  server: {
    fs: { allow: [at('..')] },
    proxy: {
      '/socket.io': { target: server, ws: true },
      '/demo/settings.json': server,
    },
  },
  test: { include: ['test/**/*.test.ts'] },
};
