import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { minutes, seconds } from '#shared/domain/time.ts'
import { writeDocuments } from '../scenario/stage/attack.ts'
import { openWorld, type World, whyNoWorld } from '../scenario/stage/world.ts'
import type { Work } from './false-alarms/work.ts'

export interface Order {
  /** Rounds of all works go on until this long has passed; every work is done once at least. */
  overMs: number
  /** Only what takes seconds and no network. */
  isQuick: boolean
  tell(line: string): void
}

/** A signal that should not have come. */
export interface Alarm {
  kind: string
  severity: string
  summary: string
  during: string
}

export interface Outcome {
  rounds: number
  done: string[]
  leftOut: string[]
  alarms: Alarm[]
  /** All signals that came meanwhile, also those that nobody would be called for. */
  signals: number
}

export const whyNoFalseAlarms = whyNoWorld

/** Whatever was true of this machine before is not these works' doing. */
const settleMs = seconds(20)
const quickSettleMs = seconds(3)
/** What a work brought about may be noticed a moment after its end. */
const afterwardsMs = seconds(4)
const quickAfterwardsMs = seconds(1)

/** An agent with everything on watches a machine that works honestly. @returns what it said that it should not have. */
export async function playFalseAlarms({ overMs, isQuick, tell }: Order): Promise<Outcome> {
  const world = await openWorld(furnish)
  try {
    const { able, leftOut } = await works(isQuick)
    await sleep(isQuick ? quickSettleMs : settleMs)
    const endsAt = performance.now() + overMs
    const outcome: Outcome = { rounds: 0, done: [], leftOut, alarms: [], signals: 0 }
    let seen = lastSignal(world)
    do {
      outcome.rounds += 1
      for (const [name, work] of able) {
        await doOne(name, work, world)
        await sleep(isQuick && name !== [...able.keys()].at(-1) ? quickAfterwardsMs : afterwardsMs)
        const said = signalsAfter(world, seen)
        seen = said.at(-1)?.number ?? seen
        outcome.signals += said.length
        outcome.alarms.push(...said.filter(isAlarm).map(({ kind, severity, summary }) => ({ kind, severity, summary, during: name })))
        tell(`${name}: ${said.length === 0 ? 'nothing was said' : said.map(({ kind, severity }) => `${kind} (${severity})`).join(', ')}`)
      }
    } while (performance.now() < endsAt)
    return { ...outcome, done: [...able.keys()] }
  } finally {
    await world.close()
  }
}

/** It halts nothing on its own word: the tree of whoever runs this would be among what is halted. */
function furnish(documents: string, agentData: string): void {
  writeDocuments(documents, 100)
  mkdirSync(agentData, { recursive: true })
  writeFileSync(join(agentData, 'agent.json'), JSON.stringify({ suspendsAlone: false }))
}

async function works(isQuick: boolean): Promise<{ able: Map<string, Work>; leftOut: string[] }> {
  const folder = join(import.meta.dirname, 'false-alarms')
  const names = readdirSync(folder).filter((name) => name !== 'work.ts')
  const all = await Promise.all(
    names.map(async (name) => [name.replace(/\.ts$/, ''), ((await import(join(folder, name))) as { default: Work }).default] as const),
  )
  const wanted = all.filter(([, work]) => work.isQuick || !isQuick)
  const isAble = ([, { needs }]: (typeof all)[number]): boolean => needs.every(isHere)
  return { able: new Map(wanted.filter(isAble)), leftOut: wanted.filter((each) => !isAble(each)).map(([name]) => name) }
}

const isHere = (program: string): boolean => (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))

async function doOne(name: string, work: Work, { documents }: World): Promise<void> {
  const folder = join(documents, 'work', name)
  mkdirSync(folder, { recursive: true })
  const late = sleep(minutes(5), undefined, { ref: false }).then(() => Promise.reject(new Error(`${name} did not end in five minutes`)))
  await Promise.race([work.run(folder, documents), late])
  rmSync(folder, { recursive: true, force: true })
}

interface Said {
  number: number
  kind: string
  severity: string
  state: string
  summary: string
}

function signalsAfter({ databaseFile }: World, number: number): Said[] {
  const database = new DatabaseSync(databaseFile, { readOnly: true })
  try {
    const rows = database
      .prepare('select rowid as number, kind, severity, state, summary from signals where rowid > ? order by rowid')
      .all(number)
    return rows as unknown as Said[]
  } finally {
    database.close()
  }
}

const lastSignal = (world: World): number => signalsAfter(world, 0).at(-1)?.number ?? 0

/** Somebody would be called for it, or would close a ticket as noise. */
const isAlarm = ({ kind, severity, state }: Said): boolean =>
  state !== 'cleared' && (kind.startsWith('health.') ? severity !== 'info' : ['high', 'critical'].includes(severity))
