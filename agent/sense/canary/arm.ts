import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { isBelow } from '#shared/domain/far-folders.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import type { Decoy } from './decoys.ts'
import { beginningOf, isSiblingName } from './examine.ts'
import { type CanaryPlace, decoysFor } from './places.ts'
import { makeHidden, plantNew, putBack, sha256, takeAway } from './plant.ts'
import { farFoldersNow } from './reach.ts'
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

/** Plants in each place what isn't remembered as planted there, and notes it in `state`. Rejects when nothing stands anywhere. */
export async function plantAll(state: CanaryState, places: readonly CanaryPlace[], tools: Tools): Promise<Armed[]> {
  await takeAwayOthers(state, places, tools)
  const armed: Armed[] = []
  for (const place of places) {
    for (const decoy of decoysFor(place, state.seed)) armed.push(...(await plantOne(state, place, decoy, tools)))
    if (state.folders[place.folder] === undefined) await learnFolder(state, place.folder, tools.probe)
    if (place.ground !== undefined) await learnGround(state, place.ground, armed, tools.probe)
  }
  if (armed.length === 0 && places.length > 0) throw new Error('no decoy could be planted')
  return armed
}

async function plantOne(state: CanaryState, { folder, ground }: CanaryPlace, decoy: Decoy, { time, log }: Tools): Promise<Armed[]> {
  const known = state.planted.find((planted) => planted.folder === folder && planted.name === decoy.name)
  if (known) return [{ planted: known, decoy }]
  try {
    const bytes = decoy.bytes()
    if (ground !== undefined) await makeHidden(folder, time.now())
    const path = await plantNew(folder, decoy.name, bytes, time.now())
    const planted = { path, name: decoy.name, folder, sha256: sha256(bytes), knownSiblings: [], ...(ground !== undefined && { ground }) }
    state.planted.push(planted)
    return [{ planted, decoy }]
  } catch (error) {
    log.error({ folder, decoy: decoy.name, reason: sentenceOf(error) }, 'a decoy could not be planted')
    return []
  }
}

/** What stands where the policy wants none any more; what somebody changed stays theirs, and what is out of reach is let go. */
export async function takeAwayOthers(
  state: CanaryState,
  places: readonly CanaryPlace[],
  { log, probe }: Pick<Tools, 'log' | 'probe'>,
): Promise<void> {
  const far = await farFoldersNow(probe)
  const wanted = new Set(places.map(({ folder }) => folder))
  for (const { path, folder, sha256: hash, ground } of state.planted.filter((planted) => !wanted.has(planted.folder))) {
    const isFar = ground !== undefined && far.some((each) => isBelow(path, each))
    const taken = isFar ? Promise.reject(new Error('it lies on another machine by now')) : takeAway(path, hash, ground !== undefined)
    await taken.catch((error: unknown) =>
      log.warn({ path, reason: sentenceOf(error) }, 'a decoy that is not wanted any more could not be taken away'),
    )
    delete state.folders[folder]
  }
  state.planted = state.planted.filter((planted) => wanted.has(planted.folder))
}

/** A home that is mounted anew is another folder than yesterday, with the same decoys. */
async function learnGround(state: CanaryState, ground: string, armed: readonly Armed[], probe: Probe): Promise<void> {
  const one = armed.find(({ planted }) => planted.ground === ground)
  if (one && (await probe.look(one.planted.path).catch(() => undefined))) await learnFolder(state, ground, probe)
}

/** Puts one decoy back as it was. What lies beside it stays, as evidence, and is known from now on. */
export async function armAgain({ planted, decoy }: Armed, { probe, time, log }: Tools): Promise<void> {
  const bytes = decoy.bytes()
  const there = await probe.read(planted.path, bytes.length + 1)
  try {
    if (planted.ground !== undefined) await makeHidden(planted.folder, time.now())
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
