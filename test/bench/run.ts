import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serverVariable } from '../support/database.ts'
import { startPostgres } from '../support/postgres.ts'
import type { Benchmark } from './benchmark.ts'

/**
 * `npm run -s bench -- NAME [--quick] [--database postgres] [--minutes N]`: runs one benchmark, on SQLite or on a PostgreSQL of its own
 * that fsyncs; the last line on stdout is its figures as one JSON object.
 */
const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, database: { type: 'string' }, minutes: { type: 'string' } },
  allowPositionals: true,
})
const { quick: isQuick = false, database = 'sqlite' } = values
const [name = ''] = positionals

if (!names().includes(name)) {
  console.error(`${name === '' ? 'Which benchmark?' : `There is no benchmark "${name}".`} There are:`)
  for (const each of names()) console.error(`  ${each.padEnd(10)}${(await load(each)).says}`)
  process.exit(1)
}
const stopDatabase = await startDatabase()
const { figure, unit, yardstick, ratio, ...others } = await (await load(name)).run({ isQuick }).finally(stopDatabase)
console.log(JSON.stringify({ name, ...(database !== 'sqlite' && { database }), figure, unit, yardstick, ratio, ...others }))
process.exit(0)

/** Named in the environment, where every collector that a benchmark starts looks for it. */
async function startDatabase(): Promise<() => Promise<void>> {
  if (database === 'sqlite') return async () => undefined
  if (database !== 'postgres') throw new Error('--database is "sqlite" or "postgres".')
  const postgres = await startPostgres(tmpdir(), { isDurable: true })
  if (postgres.kind === 'unavailable') throw new Error(`PostgreSQL can't be started here: ${postgres.reason}`)
  process.env[serverVariable] = postgres.url
  return postgres.stop
}

function names(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !['run.ts', 'benchmark.ts'].includes(file))
  return files.map((file) => file.slice(0, -'.ts'.length))
}

async function load(benchmark: string): Promise<Benchmark> {
  const file = join(import.meta.dirname, `${benchmark}.ts`)
  return ((await import(file)) as { default: Benchmark }).default
}
