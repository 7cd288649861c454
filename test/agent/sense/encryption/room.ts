import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProbe } from '../../../../agent/host/probe.ts'
import { openProcesses } from '../../../../agent/host/processes.ts'
import { jsonFile } from '../../../../agent/json-file.ts'
import type { Watching } from '../../../../agent/sense/define-detector.ts'
import detector from '../../../../agent/sense/detectors/ransomware-encryption.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { openSuspender, type Suspender } from '../../../../agent/suspend/suspend.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

export type Said = Omit<Happening, 'detector'> & { at: number }

/** The detector with the machine's own fatrace, real processes and real halting. */
export class EncryptionRoom {
  readonly top = mkdtempSync(join(tmpdir(), 'tierline-encryption-'))
  readonly folder = join(this.top, 'documents')
  readonly said: Said[] = []
  readonly writers = new Writers(systemTime)
  suspender: Suspender | undefined
  #watching: Watching | undefined

  async open(maySuspend: boolean): Promise<void> {
    this.suspender = await openSuspender({
      ...{ file: jsonFile(join(this.top, 'accusations.json')), processes: openProcesses(), isAllowed: () => maySuspend },
      ...{ time: systemTime, log: silent },
    })
    const started = await detector.watch(
      createProbe({ time: systemTime, log: silent }),
      async (event) => void this.said.push({ ...event, at: systemTime.now() }),
      {
        settings: {
          ...{ canaryDirs: [], canaryFile: jsonFile(join(this.top, 'none')), services: [], authLogs: [] },
          ...{ writers: this.writers, suspend: this.suspender.accuse },
        },
        ...{ time: systemTime, log: silent, stop: new AbortController().signal, role: 'workstation' },
        standing: () => undefined,
        healthSettings: () => ({}),
        isStrained: async () => false,
        again: () => undefined,
        broken: (reason) => {
          throw new Error(reason)
        },
      },
    )
    if ('unsupported' in started) throw new Error(started.unsupported)
    this.#watching = started
    await this.#untilHeard()
  }

  async close(): Promise<void> {
    await this.#watching?.stop()
    rmSync(this.top, { recursive: true, force: true })
  }

  /** fatrace needs a moment to begin; a file of our own is heard of when it has. */
  async #untilHeard(): Promise<void> {
    const path = join(this.top, 'begun.txt')
    for (let tries = 0; tries < 100; tries += 1) {
      const child = spawn('sh', ['-c', 'echo begun > "$0"; sleep 0.02', path])
      await new Promise((done) => child.on('exit', done))
      if (await this.writers.of([path], 50)) return
    }
    throw new Error('fatrace tells nothing')
  }
}

/** Everything that still runs or stands halted below it. */
export function endTree(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
