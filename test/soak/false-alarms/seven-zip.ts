import { run, type Work, writeTree } from './work.ts'

/** Without a password. */
export default {
  needs: ['7z'],
  isQuick: true,
  run: async (folder) => {
    writeTree(`${folder}/tree`, 300)
    await run('7z', ['a', '-bd', 'tree.7z', 'tree'], folder)
    await run('7z', ['a', '-bd', '-tzip', 'tree.zip', 'tree'], folder)
    await run('7z', ['x', '-bd', '-oagain', 'tree.7z'], folder)
  },
} satisfies Work
