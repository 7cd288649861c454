import { join } from 'node:path'
import { top } from '../../support/program.ts'
import { run, type Work } from './work.ts'

/** Our own console, three times. */
export default {
  needs: [],
  isQuick: false,
  run: async (folder) => {
    const vite = join(top, 'node_modules/vite/bin/vite.js')
    for (const round of [1, 2, 3])
      await run(process.execPath, [vite, 'build', 'server/console', '--logLevel', 'error', '--outDir', join(folder, `dist-${round}`)], top)
  },
} satisfies Work
