import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seconds } from '#shared/domain/time.ts'
import type { RoleReading } from '../../../agent/host/probe.ts'
import { type Change, Touches } from '../../../agent/sense/canary/touches.ts'
import { detectors } from '../../../agent/sense/detectors.ts'
import { startBench } from '../../agent/sense/bench-machine.ts'
import type { FakeMachine } from '../../support/fake-machine.ts'
import { FakeWindows } from '../../support/fake-windows.ts'

/** What a machine showed, step by step; for decoys, what became of them. */
export interface DetectorCase {
  says: string
  role?: RoleReading['role']
  services?: string[]
  /** It is played on Windows, with this in its registry. */
  windows?: Record<string, number | string>
  /** What lies on the machine, by path. */
  files?: Record<string, string>
  steps?: Step[]
  touches?: { afterSeconds: number; decoy: string; change: Change }[]
}

interface Step {
  afterSeconds: number
  /** What Windows writes into its log, flat. */
  events?: Record<string, unknown>[]
  /** A log of Windows that is emptied without a word. */
  clear?: string
  services?: FakeWindows['servicesNow']
  /** Values of its registry that are so from here on. */
  registry?: Record<string, number | string>
  /** Fields of the machine that are so from here on. */
  machine?: Partial<Pick<FakeMachine, 'disksNow' | 'memoryNow' | 'stallNow' | 'unitsNow' | 'packageManagerNow' | 'privilegedNow'>>
  /** Files that are so from here on; null: gone. */
  files?: Record<string, string | null>
  log?: string[]
  /** The same step so many times. */
  times?: number
}

const top = import.meta.dirname

/** `disk-full/fills-up` and so on, without their endings. */
export const caseNames = (): string[] =>
  globSync('*/*.in.json', { cwd: top })
    .map((path) => path.replaceAll('\\', '/').replace(/\.in\.json$/, ''))
    .sort()

export const outFile = (name: string): string => join(top, `${name}.out.json`)
export const expected = (name: string): unknown => (existsSync(outFile(name)) ? JSON.parse(readFileSync(outFile(name), 'utf8')) : undefined)

/** Plays a case through sense and signal as they are; answers what was said, and when. */
export async function play(name: string): Promise<unknown[]> {
  const given = JSON.parse(readFileSync(join(top, `${name}.in.json`), 'utf8')) as DetectorCase
  return given.touches ? playTouches(given.touches) : playSteps(name.split('/')[0] ?? '', given)
}

async function playSteps(detectorName: string, given: DetectorCase): Promise<unknown[]> {
  const windows = given.windows && new FakeWindows()
  if (windows) Object.assign(windows, { registryNow: given.windows })
  const detector = detectors.filter((each) => each.name === detectorName || (windows && each.name === 'windows-events'))
  const settings = { services: given.services ?? [], files: given.files ?? {}, ...(windows && { windows }) }
  const { machine, time, spool, sense } = await startBench(detector, settings)
  machine.roleNow = { role: given.role ?? 'server', reasons: [] }
  if (windows) await time.advance(seconds(5))
  const startedAt = time.now()
  for (const step of given.steps ?? []) {
    for (let turn = 0; turn < (step.times ?? 1); turn += 1) {
      await time.advance(seconds(step.afterSeconds))
      Object.assign(machine, step.machine)
      const files = Object.entries({ ...machine.filesNow, ...step.files }).filter((entry) => entry[1] !== null)
      machine.filesNow = Object.fromEntries(files) as Record<string, string>
      for (const line of step.log ?? []) machine.log(line)
      if (windows) playOnWindows(windows, step, time.now())
      await time.advance(0)
    }
  }
  await sense.stop()
  return spool.signals().map(({ id: _, detector: __, sensedAt, ...said }) => ({ atSeconds: (sensedAt - startedAt) / 1_000, ...said }))
}

function playOnWindows(windows: FakeWindows, { events = [], clear, services, registry }: Step, now: number): void {
  if (services) windows.servicesNow = services
  Object.assign(windows.registryNow, registry)
  if (clear !== undefined) windows.clear(clear)
  for (const event of events) windows.write({ TimeCreated: now, ...event })
}

function playTouches(touches: NonNullable<DetectorCase['touches']>): unknown[] {
  const known = new Touches()
  let at = 0
  return touches.flatMap(({ afterSeconds, decoy, change }) => {
    at += afterSeconds
    const verdict = known.note(decoy, change, seconds(at))
    if (!known.isWorthSaying(decoy, verdict)) return []
    known.said(decoy, verdict)
    return [{ atSeconds: at, decoy, ...verdict }]
  })
}
