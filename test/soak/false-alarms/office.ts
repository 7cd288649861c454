import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Work, writeTree } from './work.ts'

/** A person saves: beside the file, and renamed over it. */
export default {
  needs: [],
  isQuick: true,
  run: async (folder) => {
    writeTree(folder, 60)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.txt'))) {
      const path = join(folder, name)
      writeFileSync(`${path}.tmp`, `${readFileSync(path, 'utf8')}one more line\n`)
      renameSync(`${path}.tmp`, path)
      await sleep(20)
    }
  },
} satisfies Work
