import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** The highest takes six times as long for three percent. */
const brotliQuality = 9;

/** The server sends what is compressed already, so that no request pays for it. */
function compressAssets(): Plugin {
  return {
    name: 'compress-assets',
    apply: 'build',
    writeBundle: async ({ dir = '' }, bundle) => {
      for (const name of Object.keys(bundle).filter((file) => /^assets\/.*\.(js|css|svg)$/.test(file))) {
        const content = await readFile(join(dir, name));
        await writeFile(
          join(dir, `${name}.br`),
          brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } }),
        );
        await writeFile(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

/** Addresses are relative to `<base href>`, which the server sets: the pages work below any path. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react(), compressAssets()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One file at first: it is smaller over the wire than several, and cached for good.
    chunkSizeWarningLimit: 1_000,
  },
});
