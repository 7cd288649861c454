import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { RecordBody } from '#shared/protocol/record.ts'
import { type DurableSpool, openSpool, type SpoolOptions } from '../../../agent/spool/spool.ts'
import { systemTime } from '../../../agent/system-time.ts'

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'tierline-spool-'))

export function openTestSpool(dir: string, maxBytes = 16_777_216, changed: Partial<SpoolOptions> = {}): Promise<DurableSpool> {
  return openSpool({ dir, maxBytes, time: systemTime, log: pino({ level: 'silent' }), ...changed })
}

/** A signal that is told apart by `about`; `paddingBytes` makes it larger. */
export function signalRecord(about: string, paddingBytes = 0, kind = 'health.disk.full'): RecordBody {
  const evidence = paddingBytes > 0 ? [{ name: 'padding', text: 'x'.repeat(paddingBytes) }] : []
  const signal = {
    id: `test-signal-${about}`,
    kind,
    severity: 'medium' as const,
    state: 'happened' as const,
    fingerprint: `${kind}:${about}`,
    about,
    summary: `Something happened to ${about}`,
    facts: {},
    evidence,
    sensedAt: 1_795_000_000_000,
    detector: 'test',
  }
  return { v: 1, type: 'signal', signal }
}

export function aboutOf(body: unknown): string {
  return (body as { signal: { about: string } }).signal.about
}

/** What the new epoch of a test says of itself. */
export const reportOf = (reason: string): RecordBody => signalRecord(reason, 0, 'system.spool.restarted')
