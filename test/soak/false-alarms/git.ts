import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Work, writeTree } from './work.ts'

/** Commits, and the collection of garbage that rewrites all of them. */
export default {
  needs: ['git'],
  isQuick: true,
  run: async (folder) => {
    const git = (...args: string[]): Promise<void> => run('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], folder)
    await git('init', '--quiet')
    writeTree(folder, 300)
    for (const round of [1, 2, 3]) {
      appendFileSync(join(folder, 'part-0/more-0/note-30.txt'), `round ${round}\n`)
      await git('add', '--all')
      await git('commit', '--quiet', '--message', `Round ${round}`)
    }
    await git('gc', '--quiet', '--aggressive', '--prune=now')
  },
} satisfies Work
