import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Time } from '#shared/domain/time.ts'
import { createProbe } from '../../../../agent/host/probe.ts'
import { jsonFile } from '../../../../agent/json-file.ts'
import type { Watching } from '../../../../agent/sense/define-detector.ts'
import detector from '../../../../agent/sense/detectors/ransomware-canary.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

export const run = promisify(execFile)
export const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
export const quiet = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
export const openssl = (from: string, to: string) =>
  run('openssl', ['enc', '-aes-256-cbc', '-pbkdf2', '-k', 'secret', '-in', from, '-out', to])

/** A folder with real decoys, real inotify, real time: what an attacker's programs do is not to be imagined. */
export class Room {
  readonly top: string
  folder: string
  said: (Omit<Happening, 'detector'> & { at: number })[] = []
  watching: Watching | undefined
  /** What it asks of the machine, and by which clock. */
  probe = createProbe({ time: systemTime, log: silent })
  time: Time = systemTime
  #again: Promise<void> = Promise.resolve()
  /** Where decoys are spread over a machine's tree of the test's own. */
  spread: { except: string[]; root: string } | undefined

  private constructor(top: string) {
    this.top = top
    this.folder = join(top, 'documents')
  }

  static async open(): Promise<Room> {
    const room = new Room(await mkdtemp(join(tmpdir(), 'tierline-canary-')))
    await room.start()
    return room
  }

  async start(): Promise<void> {
    const started = await detector.watch(this.probe, async (event) => void this.said.push({ ...event, at: systemTime.now() }), {
      settings: {
        ...{ canaryDirs: [this.folder], canaryFile: jsonFile(this.stateFile), services: [], authLogs: [] },
        spreadsCanaries: () => this.spread,
      },
      ...{ time: this.time, log: silent, stop: new AbortController().signal, role: 'workstation' },
      standing: () => undefined,
      healthSettings: () => ({}),
      isStrained: async () => false,
      broken: (reason) => expect.unreachable(reason),
      again: () => {
        this.#again = this.restart()
      },
    })
    if ('unsupported' in started) expect.unreachable(started.unsupported)
    else this.watching = started
    await quiet(50)
  }

  async restart(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    await this.watching?.stop()
    await meanwhile()
    await this.start()
  }

  async close(): Promise<void> {
    await this.#again
    await this.watching?.stop()
    await rm(this.top, { recursive: true, force: true })
  }

  get stateFile(): string {
    return join(this.top, 'canaries.json')
  }

  /** The decoy whose name ends so. */
  async decoy(end: string): Promise<string> {
    return join(this.folder, (await readdir(this.folder)).find((name) => name.endsWith(end)) ?? 'missing')
  }

  unreadable() {
    return this.said.find((event) => event.facts?.change === 'unreadable')
  }

  changes() {
    return this.said.map((event) => [event.severity, event.facts?.change, event.facts?.canariesTouched])
  }
}
