import { run, type Work, writeTree } from './work.ts'

/** Every file of a tree becomes another one, decoys too, and comes back. */
export default {
  needs: ['gzip', 'gunzip'],
  isQuick: true,
  run: async (folder, documents) => {
    writeTree(folder, 400)
    await run('gzip', ['-r', '.'], folder)
    await run('gunzip', ['-r', '.'], folder)
    await run('gzip', ['-r', '.'], documents)
    await run('gunzip', ['-r', '.'], documents)
  },
} satisfies Work
