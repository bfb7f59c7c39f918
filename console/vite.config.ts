import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { licenses } from './licenses'
import { mockDaemon } from './mock/plugin'

// The daemon serves the folder as it is, under whatever path it likes: every
// address inside is relative, and the router keeps to the fragment.
export default defineConfig({
  base: './',
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
