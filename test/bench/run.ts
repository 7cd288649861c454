import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark } from './benchmark.ts'

/** `npm run -s bench -- NAME [--quick]`: runs one benchmark; the last line on stdout is its figures as one JSON object. */
const args = process.argv.slice(2)
const isQuick = args.includes('--quick')
const [name = ''] = args.filter((arg) => arg !== '--quick')

if (!names().includes(name)) {
  console.error(`${name === '' ? 'Which benchmark?' : `There is no benchmark "${name}".`} There are:`)
  for (const each of names()) console.error(`  ${each.padEnd(10)}${(await load(each)).says}`)
  process.exit(1)
}
const { figure, unit, yardstick, ratio, ...others } = await (await load(name)).run({ isQuick })
console.log(JSON.stringify({ name, figure, unit, yardstick, ratio, ...others }))
process.exit(0)

function names(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !['run.ts', 'benchmark.ts'].includes(file))
  return files.map((file) => file.slice(0, -'.ts'.length))
}

async function load(benchmark: string): Promise<Benchmark> {
  const file = join(import.meta.dirname, `${benchmark}.ts`)
  return ((await import(file)) as { default: Benchmark }).default
}
