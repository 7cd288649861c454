import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { type Decoy, decoysOf } from './decoys.ts'
import { beginningOf, isSiblingName } from './examine.ts'
import { plantNew, putBack, sha256 } from './plant.ts'
import type { CanaryState, Planted } from './state.ts'

/** A decoy where it stands. */
export interface Armed {
  planted: Planted
  decoy: Decoy
}

interface Tools {
  probe: Probe
  time: Time
  log: Logger
}

/** Plants in each folder what isn't remembered as planted there, and notes it in `state`. Rejects when nothing stands anywhere. */
export async function plantAll(state: CanaryState, folders: string[], tools: Tools): Promise<Armed[]> {
  const armed: Armed[] = []
  for (const folder of folders) {
    for (const decoy of decoysOf(state.seed)) armed.push(...(await plantOne(state, folder, decoy, tools)))
    if (state.folders[folder] === undefined) await learnFolder(state, folder, tools.probe)
  }
  if (armed.length === 0 && folders.length > 0) throw new Error('no decoy could be planted')
  return armed
}

async function plantOne(state: CanaryState, folder: string, decoy: Decoy, { time, log }: Tools): Promise<Armed[]> {
  const known = state.planted.find((planted) => planted.folder === folder && planted.name === decoy.name)
  if (known) return [{ planted: known, decoy }]
  try {
    const bytes = decoy.bytes()
    const path = await plantNew(folder, decoy.name, bytes, time.now())
    const planted = { path, name: decoy.name, folder, sha256: sha256(bytes), knownSiblings: [] }
    state.planted.push(planted)
    return [{ planted, decoy }]
  } catch (error) {
    log.error({ folder, decoy: decoy.name, reason: sentenceOf(error) }, 'a decoy could not be planted')
    return []
  }
}

/** Puts one decoy back as it was. What lies beside it stays, as evidence, and is known from now on. */
export async function armAgain({ planted, decoy }: Armed, { probe, time, log }: Tools): Promise<void> {
  const bytes = decoy.bytes()
  const there = await probe.read(planted.path, bytes.length + 1)
  try {
    if (!there?.equals(bytes)) await putBack(planted.path, bytes, time.now())
  } catch (error) {
    log.error({ path: planted.path, reason: sentenceOf(error) }, 'a decoy could not be put back')
  }
  planted.sha256 = sha256(bytes)
  planted.knownSiblings = await siblingsBeside(planted, probe)
}

/** What tells this folder from another that may stand at its path one day. */
export async function learnFolder(state: CanaryState, folder: string, probe: Probe): Promise<void> {
  const listed = await probe.list(folder)
  if (listed) state.folders[folder] = listed.identity
}

const maxSiblings = 100

async function siblingsBeside(planted: Planted, probe: Probe): Promise<string[]> {
  const names = (await probe.list(planted.folder))?.names ?? []
  const beside = names.filter((name) => isSiblingName(name, basename(planted.path)))
  const beginnings = beside.slice(0, maxSiblings).map((name) => probe.read(join(planted.folder, name), 65_536))
  return (await Promise.all(beginnings)).flatMap((bytes) => (bytes ? [beginningOf(bytes)] : []))
}
