import { defineConfig } from 'tsup';

// Each package becomes one ES module, one CommonJS module and the types of both. What it depends on
// stays an import.
export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: { compilerOptions: { paths: {} } },
  clean: true,
  sourcemap: true,
});
