import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { top } from '../../support/program.ts'
import { run, type Work } from './work.ts'

/** Tens of thousands of files of strangers. */
export default {
  needs: ['npm'],
  isQuick: false,
  run: async (folder) => {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(top, name), join(folder, name))
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
  },
} satisfies Work
