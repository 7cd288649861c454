import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import type { Placeholders } from '#shared/sigma/item.ts'
import type { RuleSet } from '#shared/sigma/read-rules.ts'
import { loadRules } from './load.ts'

/** What `sigma` can do: one file here, named in `sigma.ts`. */
export interface Act {
  /** Its lines of the help. */
  usage: string
  run(args: string[]): Promise<void>
}

/** @throws Fault `flag-bad` when one of them wasn't named. */
export function named(positionals: readonly string[], ...names: string[]): string[] {
  const missing = names.slice(positionals.length)
  if (missing.length > 0) throw new Fault('flag-bad', `Name ${missing.join(' and ')}. --help shows how.`)
  return [...positionals]
}

/** The rules of a folder, with the texts that a file has for their placeholders. */
export async function rulesOf(folder: string, placeholdersFile: string | undefined): Promise<RuleSet> {
  return loadRules(folder, placeholdersFile === undefined ? {} : await readPlaceholders(placeholdersFile))
}

const WrittenPlaceholders = z.record(z.string(), z.array(z.string()))

async function readPlaceholders(file: string): Promise<Placeholders> {
  const found = WrittenPlaceholders.safeParse(jsonOf(await readText(file)))
  if (found.success) return found.data
  throw new Fault('placeholders-bad', `${file} has to be JSON such as {"Admins": ["alice", "bob"]}.`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @throws Fault with the name of a file that can't be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause })
  }
}

/** Rules and events hold text of strangers: no control character reaches a terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
