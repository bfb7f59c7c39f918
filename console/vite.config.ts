import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { parse } from 'yaml'
import { licenses } from './licenses'
import { mockDaemon } from './mock/plugin'

/** The operations that the contract writes down and the daemon has not: what needs one is not shown. */
function notYet(): string[] {
  const contract = parse(readFileSync(new URL('../api/openapi.yaml', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, { operationId?: string; 'x-not-yet'?: boolean }>> }
  return Object.values(contract.paths).flatMap((path) => Object.values(path)).flatMap((one) => (one['x-not-yet'] && one.operationId ? [one.operationId] : []))
}

// The daemon serves the folder as it is, under whatever path it likes: every
// address inside is relative, and the router keeps to the fragment.
export default defineConfig({
  base: './',
  define: { __NOT_YET__: JSON.stringify(notYet()) },
  plugins: [vue(), mockDaemon(), licenses(['@fontsource-variable/ibm-plex-sans', '@fontsource/ibm-plex-mono', 'uplot'])],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // a data: address would need a hole in the policy
    modulePreload: { polyfill: false }, // it is an inline script
    reportCompressedSize: false,
    sourcemap: false,
    chunkSizeWarningLimit: 400,
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
})
