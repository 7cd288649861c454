import { serverVariable } from './database.ts'
import { startPostgres } from './postgres.ts'

/** Before the first test of `npm run test:postgres`: one server for all of them, gone after the last. */
export default async function startServer(): Promise<() => Promise<void>> {
  const postgres = await startPostgres()
  if (postgres.kind === 'unavailable') throw new Error(`PostgreSQL can't be started here: ${postgres.reason}`)
  process.env[serverVariable] = postgres.url
  return async () => {
    delete process.env[serverVariable]
    await postgres.stop()
  }
}
