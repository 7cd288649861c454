import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '#shared/domain/endpoint.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { Contain } from '../../server/route/sections/containment.ts'

/*
 * The tables of the design's defaults, as they stand in the paper, for tests that hold the code against them value by value: whoever
 * changes a number on one side only is told. Where the paper isn't there, these tests are not run.
 */
const file = join(import.meta.dirname, '../../../shared/design/defaults.md')
export const hasDesign = existsSync(file)
if (!hasDesign) console.log('not run here: the defaults value by value, because ../shared/design is not there')
const text = hasDesign ? readFileSync(file, 'utf8') : ''

/** What stands under "## 3 …". */
export const section = (number: number): string => new RegExp(`^## ${number} [\\s\\S]*?(?=^## |(?![\\s\\S]))`, 'm').exec(text)?.[0] ?? ''

/** The rows of a section's table without its head, cell by cell. */
export function table(number: number): string[][] {
  const rows = section(number)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-|]+$/.test(line))
  return rows.slice(1).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The row that begins with these words. */
export const rowOf = (number: number, begins: string): string[] => table(number).find(([first]) => first?.startsWith(begins)) ?? []

const units: Record<string, (count: number) => number> = { d: days, h: hours, m: minutes, min: minutes }

/** "15 min" → milliseconds; "–" and what names no time → undefined. */
export function span(cell: string): number | undefined {
  const [, count, unit = ''] = /(\d+)\s*(min|h|m|d)\b/.exec(cell) ?? []
  return count === undefined ? undefined : units[unit]?.(Number(count))
}

export const roles = ['workstation', 'server', 'core'] as const
type OfRoles<Value> = Record<Exclude<Role, 'unknown'>, Value>

/** "3/3/2" or one for all → by role. */
export function byRole(cell: string, separator: string | RegExp = '/'): OfRoles<string> {
  const [workstation = '', server = workstation, core = server] = cell.split(separator).map((each) => each.trim())
  return { workstation, server, core }
}

/** "ask 3m→isolate" */
export function containmentIn(cell: string): Contain {
  const asked = /^ask(?: (\d+m))?→(isolate|leave)$/.exec(cell)
  if (!asked && cell !== 'auto' && cell !== 'never') throw new Error(`"${cell}" is no containment`)
  if (!asked) return { kind: cell === 'auto' ? 'auto' : 'never' }
  return { kind: 'ask', waitMs: span(asked[1] ?? '') ?? null, otherwise: asked[2] === 'isolate' ? 'isolate' : 'leave' }
}

const short: Record<string, Exclude<Role, 'unknown'>> = { ws: 'workstation', srv: 'server', core: 'core' }

/** "ws tier1, else tier2", "tier1, core tier2" and "security, admin" (who is told as well) → by role. */
export function teamsIn(cell: string): { team: OfRoles<string>; tells: string[] } {
  const parts = cell.split(', ').map((part) => part.split(' '))
  const [usual] = parts.find(([word, team]) => team === undefined || word === 'else') ?? []
  const named = parts.filter(([word, team]) => team !== undefined && word !== 'else')
  const otherwise = usual === 'else' ? (parts.find(([word]) => word === 'else')?.[1] ?? '') : (usual ?? '')
  const team = { workstation: otherwise, server: otherwise, core: otherwise }
  for (const [word = '', name = ''] of named) team[short[word] ?? 'core'] = name
  return { team, tells: parts.filter((part) => part.length === 1).flatMap(([name = '']) => (name === otherwise ? [] : [name])) }
}
