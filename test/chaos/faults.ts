import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Fault, Lacks } from './fault.ts'

const folder = join(import.meta.dirname, 'faults')

/** Every fault of faults/ by its name. */
export async function allFaults(): Promise<Map<string, Fault>> {
  const names = readdirSync(folder).map((file) => basename(file, '.ts'))
  const load = async (name: string): Promise<Fault> => ((await import(join(folder, `${name}.ts`))) as { default: Fault }).default
  return new Map(await Promise.all(names.sort().map(async (name) => [name, await load(name)] as const)))
}

/** Those that can happen here, of those that are wanted; and of the others why not. */
export function possible(
  faults: ReadonlyMap<string, Fault>,
  wanted: readonly string[] | undefined,
  here: Lacks,
): { faults: Map<string, Fault>; left: string[] } {
  const asked = [...faults].filter(([name]) => wanted?.includes(name) ?? true)
  const left = asked.flatMap(([name, fault]) => {
    const why = fault.lacks?.(here)
    return why === undefined ? [] : [`${name}: ${why}`]
  })
  return { faults: new Map(asked.filter(([, fault]) => fault.lacks?.(here) === undefined)), left }
}
