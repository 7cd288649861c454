import { startPostgres } from '../../support/postgres.ts'
import { run, type Work } from './work.ts'

/** Beside the documents: it runs as somebody who may not read them. */
export default {
  needs: ['pgbench'],
  isQuick: false,
  run: async (folder) => {
    const postgres = await startPostgres()
    if (postgres.kind === 'unavailable') throw new Error(postgres.reason)
    try {
      await run('pgbench', ['--initialize', '--quiet', '--scale', '5', postgres.url], folder)
      await run('pgbench', ['--client', '4', '--time', '30', postgres.url], folder)
    } finally {
      await postgres.stop()
    }
  },
} satisfies Work
