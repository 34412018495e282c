import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const gateway = process.env.GATEWAY ?? 'https://localhost:10443';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': at('./src') } },
  server: { proxy: { '/api': { target: gateway, secure: false, ws: true } } },
  build: {
    // Assets are separate files and never data: URIs in script, so the content policy stays strict.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: { console: at('./index.html'), portal: at('./portal.html') },
      output: {
        codeSplitting: {
          groups: [
            { name: 'charts', test: /node_modules[\\/](echarts|zrender)/ },
            { name: 'signalr', test: /node_modules[\\/]@microsoft[\\/]signalr/ },
            { name: 'react', test: /node_modules[\\/](react|react-dom|react-router|scheduler|i18next|react-i18next|@tanstack)[\\/]/ },
          ],
        },
      },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/test/setup.ts'],
    restoreMocks: true,
    unstubGlobals: true,
    // One page for all files: loading Ant Design is most of the time, and no test keeps state (setup.ts).
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    css: false,
  },
});
