import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import { parseDocument } from 'yaml'
import type { Placeholders } from '#shared/sigma/item.ts'
import { type Refused, RuleReader, type RuleSet } from '#shared/sigma/read-rules.ts'
import type { Probe } from '../../host/probe.ts'

/** A file of rules that is larger is no file of rules. */
const maxFileBytes = 4 * 1_024 * 1_024
const maxDepth = 10
/** Anchors are rare in rules; more of them than this only make a small file large. */
const maxAliases = 100

/** Every `.yml` and `.yaml` below these folders. The probe follows no link and opens no pipe; what can't be used is in `refused`. */
export async function loadRules(probe: Probe, folders: readonly string[], placeholders: Placeholders = {}): Promise<RuleSet> {
  const reader = new RuleReader(parseYaml, placeholders, digestOf)
  const refused: Refused[] = []
  for (const folder of folders) {
    for (const path of await pathsIn(probe, folder, 0)) {
      const name = relative(folder, path)
      const bytes = await probe.read(path, maxFileBytes + 1)
      if (!bytes) refused.push({ id: name, file: name, reason: 'the file can’t be read' })
      else if (bytes.length > maxFileBytes) refused.push({ id: name, file: name, reason: 'the file is larger than 4 MiB' })
      else reader.file({ path: name, text: bytes.toString('utf8') })
      // A rule takes milliseconds to compile, and a decoy may be touched meanwhile.
      await new Promise(setImmediate)
    }
  }
  const found = reader.settled()
  return { ...found, refused: [...refused, ...found.refused] }
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** @throws what is wrong with it. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' })
  const [broken] = document.errors
  if (broken) throw broken
  return document.toJS({ maxAliasCount: maxAliases })
}

async function pathsIn(probe: Probe, folder: string, depth: number): Promise<string[]> {
  const names = (await probe.list(folder))?.names ?? []
  const paths: string[] = []
  for (const name of names.toSorted()) {
    const path = join(folder, name)
    if (/\.ya?ml$/i.test(name)) paths.push(path)
    // What is no folder answers with nothing; git's own has no rules and many folders.
    else if (depth < maxDepth && name !== '.git') paths.push(...(await pathsIn(probe, path, depth + 1)))
  }
  return paths
}
