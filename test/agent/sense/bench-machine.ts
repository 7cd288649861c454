import { pino } from 'pino'
import type { Signal } from '#shared/domain/signal.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import { windowsProbe } from '../../../agent/host/platforms/windows.ts'
import type { JsonFile, JsonRead } from '../../../agent/json-file.ts'
import type { AboutRest, Detector } from '../../../agent/sense/define-detector.ts'
import { LogonLines } from '../../../agent/sense/logon/logon-lines.ts'
import type { HealthMemory } from '../../../agent/sense/look.ts'
import { Starts } from '../../../agent/sense/processes/starts.ts'
import { type Sense, startSense } from '../../../agent/sense/sense.ts'
import { WindowsEvents } from '../../../agent/sense/windows/events.ts'
import { openSignals, type Signals } from '../../../agent/signal/signal.ts'
import { FakeMachine } from '../../support/fake-machine.ts'
import { FakeTime } from '../../support/fake-time.ts'
import type { FakeWindows } from '../../support/fake-windows.ts'

export const silent = pino({ level: 'silent' })

/** What was appended, in order; refuses while `refuses` is set. */
export class MemorySpool {
  epoch = 'epoch-0001'
  records: { lane: Lane; body: RecordBody }[] = []
  refuses: Error | undefined
  lost: Partial<Record<Lane, number>> = {}
  waiting: Partial<Record<Lane, number>> = {}
  #last = new Map<Lane, number>()
  #acknowledged = new Map<Lane, number>()

  async append(lane: Lane, body: RecordBody): Promise<number> {
    if (this.refuses) throw this.refuses
    this.records.push({ lane, body })
    const seq = (this.#last.get(lane) ?? 0) + 1
    this.#last.set(lane, seq)
    return seq
  }

  lose(lane: Lane, count: number): void {
    if (count > 0) this.lost[lane] = (this.lost[lane] ?? 0) + count
  }

  noteWaiting(waiting: Partial<Record<Lane, number>>): void {
    this.waiting = waiting
  }

  waitedBefore(lane: Lane): number {
    return this.waiting[lane] ?? 0
  }

  acknowledged(lane: Lane): number {
    return this.#acknowledged.get(lane) ?? 0
  }

  acknowledgeAll(): void {
    this.#acknowledged = new Map(this.#last)
  }

  signals(): Signal[] {
    return this.records.flatMap(({ body }) => (body.type === 'signal' ? [body.signal] : []))
  }

  of(lane: Lane): RecordBody[] {
    return this.records.filter((record) => record.lane === lane).map((record) => record.body)
  }
}

/** A file that lives in memory, as JSON would keep it. */
export class MemoryFile implements JsonFile {
  text: string | undefined
  refuses: Error | undefined

  async read(): Promise<JsonRead> {
    return this.text === undefined ? { kind: 'absent' } : { kind: 'value', value: JSON.parse(this.text) as unknown }
  }

  async write(value: unknown): Promise<void> {
    if (this.refuses) throw this.refuses
    this.text = JSON.stringify(value)
  }
}

export interface Bench {
  machine: FakeMachine
  time: FakeTime
  spool: MemorySpool
  signals: Signals
  sense: Sense
}

/** Sense and signal as they are, on a machine and a clock that a test moves. Jitter stands still. */
export async function startBench(
  detectors: readonly Detector[],
  settings: {
    services?: string[]
    file?: MemoryFile
    files?: Record<string, string>
    memory?: HealthMemory
    hasJournal?: boolean
    windows?: FakeWindows
    agent?: AboutRest
  } = {},
): Promise<Bench> {
  const machine = new FakeMachine()
  machine.filesNow = settings.files ?? {}
  machine.hasJournal = settings.hasJournal ?? true
  const time = new FakeTime()
  if (settings.windows) becomeWindows(machine, settings.windows, time)
  const spool = new MemorySpool()
  const signals = await openSignals({ file: settings.file ?? new MemoryFile(), spool, time, log: silent })
  const sense = startSense({
    ...{ detectors, probe: machine, signals, spool, time, log: silent },
    settings: {
      canaryDirs: [],
      canaryFile: new MemoryFile(),
      services: settings.services ?? [],
      authLogs: [],
      logonLines: new LogonLines(),
      ...(settings.memory && { memory: settings.memory }),
      ...(settings.agent && { agent: settings.agent }),
      ...(settings.windows && { windowsEvents: new WindowsEvents(), starts: new Starts() }),
    },
    ...(settings.memory && { memory: settings.memory }),
    sampleEveryMs: () => 10_000,
    about: { version: '0.1.0', runtime: 'Node 26', isolation: () => ({ isReady: false, reason: 'off (test)' }) },
    random: () => 0.5,
  })
  if (settings.windows) await started(settings.windows)
  return { machine, time, spool, signals, sense }
}

const late = [
  () => import('../../../agent/host/windows/machine.ts'),
  () => import('../../../agent/sense/logon/once-each.ts'),
  () => import('../../../agent/sense/logon/windows-event.ts'),
  () => import('../../../agent/sense/windows/lost-defences.ts'),
  () => import('../../../agent/sense/windows/malware.ts'),
  () => import('../../../agent/sense/windows/powers.ts'),
  () => import('../../../agent/sense/windows/read-defences.ts'),
  () => import('../../../agent/sense/windows/sigma-origins.ts'),
  () => import('../../../agent/sense/windows/starts.ts'),
]

/** What judges Windows' events is loaded when it is first needed, which no clock of a test waits for. */
async function started(windows: FakeWindows): Promise<void> {
  await Promise.all(late.map((load) => load()))
  for (let turn = 0; turn < 20 || (!windows.isFollowed && turn < 5_000); turn += 1) await new Promise(setImmediate)
}

/** What only Windows knows comes from its own probe, with nothing but Windows itself made up. */
function becomeWindows(machine: FakeMachine, windows: FakeWindows, time: FakeTime): void {
  const { unitsDown, role, windows: own } = windowsProbe({ time, log: silent, open: async () => windows })
  Object.assign(machine, { platform: 'windows', unitsDown, role, windows: own })
}
