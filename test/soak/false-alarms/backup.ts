import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Work, writeTree } from './work.ts'

/** What a backup writes can't be read, and what it no longer keeps it deletes. */
export default {
  needs: ['restic'],
  isQuick: true,
  run: async (folder, documents) => {
    const repository = join(folder, 'repository')
    mkdirSync(join(folder, 'tree'))
    const restic = (...args: string[]): Promise<void> =>
      run('restic', ['--quiet', '--repo', repository, ...args], folder, {
        RESTIC_PASSWORD: 'of a test',
        RESTIC_CACHE_DIR: join(folder, 'cache'),
      })
    await restic('init')
    for (const files of [100, 200, 300]) {
      writeTree(join(folder, 'tree'), files)
      await restic('backup', join(folder, 'tree'), documents)
    }
    await restic('forget', '--keep-last', '1', '--prune')
    await restic('check')
  },
} satisfies Work
