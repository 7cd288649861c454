import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseDocument } from 'yaml'
import type { Role } from '#shared/domain/endpoint.ts'
import type { HealthSettings } from '#shared/domain/health-limits.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import type { SenseContext } from '../../../agent/sense/define-detector.ts'
import type { HealthDetector } from '../../../agent/sense/define-health.ts'
import { healthDetectors } from '../../../agent/sense/health-detectors.ts'
import { createHealthLook } from '../../../agent/sense/look.ts'
import { openSignals } from '../../../agent/signal/signal.ts'
import { MemoryFile, MemorySpool, silent } from '../../agent/sense/bench-machine.ts'
import { FakeMachine } from '../../support/fake-machine.ts'
import { FakeTime } from '../../support/fake-time.ts'

/** Readings of one health detector, and what it said of them. */
export interface HealthCase {
  says: string
  role?: Role
  policy?: HealthSettings
  steps: Step[]
  /** "after 10 min: raised medium /var: sentence" */
  said: string[]
}

/** The machine shows `reading` for so many minutes, or one look; what stands in `grows` is added with every look. */
interface Step {
  minutes?: number
  reading: unknown
  grows?: unknown
}

const folder = import.meta.dirname

/** Names of detectors that have a file of cases. */
export const healthCaseFiles = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))

export const casesOf = (name: string): HealthCase[] => parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')) as HealthCase[]

export async function playReadings(name: string, { role = 'server', policy = {}, steps }: HealthCase): Promise<string[]> {
  const found = healthDetectors.find((each) => each.name === name)
  if (!found) throw new Error(`There is no health detector ${name}.`)
  const time = new FakeTime()
  const spool = new MemorySpool()
  const signals = await openSignals({ file: new MemoryFile(), spool, time, log: silent })
  const startedAt = time.now()
  let reading: unknown
  const detector: HealthDetector = { ...found, read: async () => structuredClone(reading) }
  const look = createHealthLook(detector, { probe: new FakeMachine(), signals })
  const standing = (kind: string, about: string) =>
    signals.standing(name).find((signal) => signal.kind === kind && signal.about === about)?.severity
  const context: SenseContext = {
    ...{ time, log: silent, role, standing, stop: new AbortController().signal },
    ...{ healthSettings: () => policy, isStrained: async () => false },
    settings: { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [] },
  }
  for (const step of steps) {
    reading = step.reading
    const looks = step.minutes === undefined ? 1 : Math.round(minutes(step.minutes) / detector.every)
    for (let turn = 0; turn < looks; turn += 1) {
      await look(context)
      await time.advance(detector.every)
      if (step.grows !== undefined) reading = grown(reading, step.grows)
    }
  }
  return spool
    .signals()
    .map(({ state, severity, kind, about, summary, sensedAt }) =>
      state === 'cleared'
        ? `${after(sensedAt - startedAt)}: cleared ${kind} ${about}`
        : `${after(sensedAt - startedAt)}: ${state} ${severity} ${kind} ${about}: ${summary}`,
    )
}

const after = (ms: number): string => `after ${ms / seconds(60)} min`

function grown(value: unknown, by: unknown): unknown {
  if (typeof value === 'number' && typeof by === 'number') return value + by
  if (Array.isArray(value) && Array.isArray(by)) return value.map((each: unknown, index) => grown(each, by[index]))
  if (typeof value !== 'object' || value === null || typeof by !== 'object' || by === null) return value
  const growth = new Map(Object.entries(by))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, grown(each, growth.get(name))]))
}

/** `node test/golden/health/play-readings.ts`: writes what the detectors say now; the diff is for a person to judge. */
if (import.meta.main) {
  for (const name of healthCaseFiles()) {
    const path = join(folder, `${name}.yaml`)
    const document = parseDocument(readFileSync(path, 'utf8'))
    for (const [index, each] of casesOf(name).entries()) document.setIn([index, 'said'], await playReadings(name, each))
    writeFileSync(path, document.toString({ lineWidth: 0, flowCollectionPadding: true }))
  }
}
