import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from './scenario.ts'

/** `npm run scenario -- NAME`: plays one scenario. Exit code 0 only if all of it held. */
const [name = ''] = process.argv.slice(2)

if (!names().includes(name)) {
  console.error(`${name === '' ? 'Which scenario?' : `There is no scenario "${name}".`} There are:`)
  for (const each of names()) console.error(`  ${each.padEnd(12)}${(await load(each)).says}`)
  process.exit(1)
}
const scenario = await load(name)
const why = scenario.whyNot()
if (why) {
  console.error(`The scenario ${name} can't be played here: ${why}.`)
  process.exit(1)
}
process.exit((await scenario.play()) ? 0 : 1)

function names(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !['run.ts', 'scenario.ts'].includes(file))
  return files.map((file) => file.slice(0, -'.ts'.length))
}

async function load(each: string): Promise<Scenario> {
  return ((await import(join(import.meta.dirname, `${each}.ts`))) as { default: Scenario }).default
}
