/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  clearScreen: false,
  // The window loads the page from its own program: no inlined files, so that a strict CSP holds.
  build: { target: 'es2022', assetsInlineLimit: 0 },
  // The list of licences lies outside, beside what else the packages bring.
  server: { port: 1420, strictPort: true, host: '127.0.0.1', fs: { allow: ['.', '../packaging'] } },
  // Svelte's server build would be chosen under vitest otherwise.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  // Style sheets are read by a test.
  test: { environment: 'happy-dom', include: ['src/tests/**/*.test.ts'], css: { include: [/\.css\?raw/] } },
}))
