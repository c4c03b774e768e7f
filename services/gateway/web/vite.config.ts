import vue from '@vitejs/plugin-vue';
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

// Three pages, the member's app, the console and the documents of the API, and what reads codes for the counter's page, which
// asks for it by its name; what lies in public/ is served as it is.
// Vant's icons are a font of another host and of data: addresses; the pages draw their own.
const withoutIconFont = { postcssPlugin: 'without-icon-font', AtRule: { 'font-face': (rule: { remove(): void }) => rule.remove() } };

export default defineConfig({
  plugins: [vue()],
  css: { postcss: { plugins: [withoutIconFont] } },
  build: {
    target: 'es2021',
    modulePreload: { polyfill: false }, // the polyfill is an inline script
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { member: resolve(__dirname, 'index.html'), console: resolve(__dirname, 'console/index.html'), docs: resolve(__dirname, 'v1/docs/index.html'), 'staff/reader': resolve(__dirname, 'src/staff/reader.ts') },
      preserveEntrySignatures: 'exports-only',
      output: { entryFileNames: ({ name }) => (name === 'staff/reader' ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
});
