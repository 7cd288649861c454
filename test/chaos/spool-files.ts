import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { RecordBody } from '#shared/protocol/record.ts'
import { bodyOf, seqOf } from '../../agent/spool/line.ts'
import { readState } from '../../agent/spool/state.ts'
import type { Kept } from './history.ts'

/*
 * A spool's files read from outside, as evidence of what the agent has promised: every whole line of a signal. Other
 * records (what stands, results, inventories, samples) are nobody's promise here.
 */
const segmentName = /^(security|signals)-\d{12}\.log$/

export interface SpoolFile {
  path: string
  epoch: string
  lane: 'security' | 'signals'
}

/** Segments of the signals' lanes, oldest first. */
export function segmentsIn(spoolDir: string): SpoolFile[] {
  return namesIn(spoolDir)
    .filter((name) => /^[0-9a-f-]{36}$/.test(name))
    .flatMap((epoch) =>
      namesIn(join(spoolDir, epoch)).flatMap((name) => {
        const lane = segmentName.exec(name)?.[1]
        return lane === 'security' || lane === 'signals' ? [{ path: join(spoolDir, epoch, name), epoch, lane } as const] : []
      }),
    )
}

export function readSpool(spoolDir: string): Kept[] {
  return segmentsIn(spoolDir).flatMap((file) => signalsIn(readIfThere(file.path), file))
}

/** Up to which record of each lane the agent has noted that the collector has had it. */
export const acknowledgedIn = (spoolDir: string, epoch: string): Partial<Record<string, number>> =>
  readState(join(spoolDir, epoch)).everAcknowledged

/** What was added since it last looked; a file that was deleted or cut meanwhile costs nothing. */
export function followSpool(spoolDir: string): () => Kept[] {
  const readUpTo = new Map<string, number>()
  return () =>
    segmentsIn(spoolDir).flatMap((file) => {
      const from = readUpTo.get(file.path) ?? 0
      const fresh = readIfThere(file.path, from)
      const wholeBytes = fresh.lastIndexOf(0x0a) + 1
      readUpTo.set(file.path, from + wholeBytes)
      return signalsIn(fresh.subarray(0, wholeBytes), file)
    })
}

function signalsIn(bytes: Buffer, { epoch, lane }: SpoolFile): Kept[] {
  const found: Kept[] = []
  for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    const line = bytes.subarray(start, end)
    const seq = seqOf(line)
    const body = seq === undefined ? undefined : RecordBody.safeParse(bodyOf(line)).data
    if (seq === undefined || body?.type !== 'signal') continue
    const { id, about, kind } = body.signal
    found.push({ id, about, kind, epoch, lane, seq })
  }
  return found
}

/* Its agent may delete any of it at any moment. */

const namesIn = (folder: string): string[] => whenThere(() => readdirSync(folder).sort(), [])

function readIfThere(path: string, from = 0): Buffer {
  return whenThere(() => readFrom(path, from), Buffer.alloc(0))
}

function readFrom(path: string, from: number): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from))
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from))
  } finally {
    closeSync(descriptor)
  }
}

function whenThere<Found>(look: () => Found, otherwise: Found): Found {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise
    throw error
  }
}
