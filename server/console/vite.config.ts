import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The collector's content security policy knows no `data:` addresses.
    assetsInlineLimit: 0,
    // These know light-dark(); for older ones it would be rewritten into something Mantine's schemes don't switch.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 900,
  },
})
