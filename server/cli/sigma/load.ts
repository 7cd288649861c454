import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseDocument } from 'yaml'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { Placeholders } from '#shared/sigma/item.ts'
import { type Refused, type RuleFile, type RuleSet, readRules } from '#shared/sigma/read-rules.ts'

/** No file of rules has a hundredth of this. */
const maxFileBytes = 32 * 1_024 * 1_024
/** Anchors are rare in rules; more of them than this only make a small file large. */
const maxAliases = 100

/** Every `.yml` and `.yaml` below a folder, or one such file. What can't be used is in `refused`; only a folder that can't be read is thrown. */
export async function loadRules(path: string, placeholders: Placeholders): Promise<RuleSet> {
  const { files, refused } = await readFiles(path)
  const found = readRules(files, parseYaml, placeholders)
  return { ...found, refused: [...refused, ...found.refused] }
}

/** @throws what is wrong with it. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent', prettyErrors: true })
  const [broken] = document.errors
  if (broken) throw broken
  return document.toJS({ maxAliasCount: maxAliases })
}

async function readFiles(path: string): Promise<{ files: RuleFile[]; refused: Refused[] }> {
  const files: RuleFile[] = []
  const refused: Refused[] = []
  for (const file of await pathsOf(path)) {
    const name = relative(path, file) || file
    try {
      files.push({ path: name, text: await readBounded(file) })
    } catch (error) {
      refused.push({ id: name, file: name, reason: `the file can’t be read: ${sentenceOf(error)}` })
    }
  }
  return { files, refused }
}

async function pathsOf(path: string): Promise<string[]> {
  try {
    return (await stat(path)).isDirectory() ? await walked(path) : [path]
  } catch (cause) {
    throw new Fault('folder-unreadable', `${path} can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause })
  }
}

/** Links to files are followed; those to folders are not, or one that leads back up would never end. */
async function walked(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? await walked(path) : /\.ya?ml$/i.test(entry.name) ? [path] : []
    }),
  )
  return found.flat()
}

/** A pipe or a device would be read for ever, a file of gigabytes for too long. */
async function readBounded(file: string): Promise<string> {
  const about = await stat(file)
  if (!about.isFile()) throw new Fault('file-strange', 'it is no regular file')
  if (about.size > maxFileBytes) throw new Fault('file-large', `it is larger than ${maxFileBytes / 1_024 / 1_024} MiB`)
  return readFile(file, 'utf8')
}
