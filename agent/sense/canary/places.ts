import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'
import type { Probe } from '../../host/probe.ts'
import { type Decoy, decoysOf } from './decoys.ts'
import { foldersIn, groundsOf } from './grounds.ts'
import { farFoldersNow } from './reach.ts'
import { whereItLeads } from './resolve.ts'
import type { CanaryState } from './state.ts'

/** A folder that gets decoys. */
export interface CanaryPlace {
  folder: string
  /** The home or share in which this folder was made for decoys; undefined for a folder that a person named, which is used as it is. */
  ground: string | undefined
}

/** Where decoys are spread by the agent's own choice, and what it leaves alone. */
export interface Spread {
  except: readonly string[]
  /** Where the machine's tree begins; tests have one of their own. */
  root?: string
}

/** Each decoy is asked for its change time every two seconds; so many cost little. */
const maxSpreadFolders = 24
const maxPerGround = 4

/** Hidden, so that people, searches and backups pass by; a program that encrypts walks them all. As ordinary as what lies around them. */
const early = ['.Accounts', '.Addresses', '.Agreements', '.Archive', '.Audit']
const middle = ['.Contracts', '.Invoices', '.Letters', '.Offers', '.Payroll']
const late = ['.Tax', '.Vouchers', '.Warranties', '.Wills', '.Years']

/**
 * Named folders first, then those of the agent's own choice: once chosen they are kept, so that a new folder of somebody's moves no decoy.
 * What a policy leaves out is forgotten in `state`, and no longer answered.
 */
export async function choosePlaces(
  state: CanaryState,
  named: readonly string[],
  spread: Spread | undefined,
  probe: Pick<Probe, 'read' | 'vitals'>,
): Promise<CanaryPlace[]> {
  const far = await farFoldersNow(probe)
  const except = await withoutLinks(spread?.except ?? [], far)
  const isWanted = (path: string): boolean => spread !== undefined && except.every((each) => !isBelow(path, each))
  const grounds = spread ? await groundsOf(probe, isWanted, spread.root) : []
  const kept = await keptGrounds(Object.keys(state.places).filter(isWanted), far)
  const wanted = [...new Set([...kept, ...grounds])].slice(0, maxSpreadFolders)
  const each = Math.min(maxPerGround, Math.max(1, Math.floor(maxSpreadFolders / Math.max(1, wanted.length))))
  const chosen: Record<string, string[]> = {}
  for (const ground of wanted) {
    const folders = state.places[ground] ?? (await placesIn(ground, state.seed, probe))
    chosen[ground] = folders.filter(isWanted).slice(0, each)
  }
  state.places = chosen
  const own = Object.entries(chosen).flatMap(([ground, folders]) => folders.map((folder) => ({ folder, ground })))
  return [...named.map((folder) => ({ folder, ground: undefined })), ...own]
}

/** As they were named, and where they lead. */
async function withoutLinks(paths: readonly string[], far: readonly string[]): Promise<string[]> {
  const led = await Promise.all(paths.map((path) => whereItLeads(path, far)))
  return [...paths, ...led.filter((path) => path !== undefined)]
}

/** A home that isn't mounted now keeps its places; one that lies on another machine by now is that machine's to guard, and a link is no home. */
async function keptGrounds(grounds: readonly string[], far: readonly string[]): Promise<string[]> {
  const here = grounds.filter((path) => !far.some((each) => isBelow(path, each)))
  const led = await Promise.all(here.map((path) => whereItLeads(path, far)))
  return here.filter((path, at) => led[at] === undefined || led[at] === path)
}

/** At the top, among the documents, in what a walk comes to last, and one deeper. */
async function placesIn(ground: string, seed: string, probe: Pick<Probe, 'read'>): Promise<string[]> {
  const names = (await foldersIn(ground)) ?? []
  const documents = (await documentsOf(ground, names, probe)) ?? names[0]
  const below = documents === undefined ? [] : ((await foldersIn(join(ground, documents))) ?? [])
  const draw = (from: readonly string[]): string => from[byteOf(`${seed} ${ground} ${from[0]}`) % from.length] ?? ''
  const last = names.at(-1)
  const folders = [
    join(ground, draw(early)),
    ...(documents === undefined ? [] : [join(ground, documents, draw(middle))]),
    ...(last === undefined ? [] : [join(ground, last, draw(late))]),
    ...(documents === undefined || below[0] === undefined ? [] : [join(ground, documents, below[0], draw(early))]),
  ]
  return [...new Set(folders)]
}

/** As the desktop names it in the person's language; only a folder right in their home is believed. */
async function documentsOf(home: string, names: readonly string[], probe: Pick<Probe, 'read'>): Promise<string | undefined> {
  const said = (await probe.read(join(home, '.config/user-dirs.dirs'), 16_384).catch(() => undefined))?.toString('utf8') ?? ''
  const named = /^XDG_DOCUMENTS_DIR="\$HOME\/([^/"\n]+)\/?"/m.exec(said)?.[1]
  return [named, 'Documents'].find((name) => name !== undefined && names.includes(name))
}

/** A named folder gets one of each kind, one of the agent's choice two that differ from folder to folder. */
export function decoysFor({ folder, ground }: CanaryPlace, seed: string): Decoy[] {
  const all = decoysOf(seed)
  if (ground === undefined) return all
  const first = byteOf(folder) % all.length
  return all.filter((_, at) => at === first || at === (first + 2) % all.length)
}

const byteOf = (text: string): number => createHash('sha256').update(text).digest()[0] ?? 0
