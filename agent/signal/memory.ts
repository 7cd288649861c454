import type { Logger } from 'pino'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { Signal, StandingSignal } from '#shared/domain/signal.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { JsonFile } from '../json-file.ts'
import { Unsaid } from './unsaid.ts'

/** What stands, by fingerprint, and what was made but is not known to be in the spool. */
export interface Memory {
  standing: Map<string, StandingSignal>
  unsaid: Unsaid
  /** Never rejects: being unable to remember must not keep anybody from speaking. It is logged, and tried again at the first call after five seconds. Who calls while it is written shares the next write. */
  keep(): Promise<void>
}

const Kept = z.object({ v: z.literal(1), standing: z.array(StandingSignal), unsaid: z.array(Signal) })

/** A disk that is full is so for a while; asking it with every signal would only keep the processor busy. */
const restAfterFailureMs = seconds(5)

export async function openMemory(file: JsonFile, time: Time, log: Logger): Promise<Memory> {
  const { standing, unsaid } = await recall(file, log)
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let restsUntil = Number.NEGATIVE_INFINITY
  const failed = (error: unknown): void => {
    restsUntil = time.monotonic() + restAfterFailureMs
    log.error({ err: error }, 'what was said could not be remembered')
  }
  const write = (): Promise<void> => {
    next = undefined
    if (time.monotonic() < restsUntil) return Promise.resolve()
    const kept = { v: 1, standing: [...memory.standing.values()], unsaid: memory.unsaid.signals }
    running = file.write(kept).catch(failed)
    return running
  }
  const memory: Memory = {
    standing: new Map(standing.map((signal) => [signal.fingerprint, signal])),
    unsaid: new Unsaid(unsaid),
    keep: () => {
      next ??= running.then(write)
      return next
    },
  }
  return memory
}

/** Without its memory the agent says again what is true; the collector's tickets join and clear by fingerprint. */
async function recall(file: JsonFile, log: Logger): Promise<Pick<z.infer<typeof Kept>, 'standing' | 'unsaid'>> {
  const nothing = { standing: [], unsaid: [] }
  const read = await file.read().catch((error: unknown) => ({ kind: 'broken' as const, reason: sentenceOf(error) }))
  if (read.kind === 'absent') return nothing
  const parsed = read.kind === 'value' ? Kept.safeParse(read.value) : undefined
  if (parsed?.success) return parsed.data
  log.error({ reason: read.kind === 'broken' ? read.reason : parsed?.error.message }, 'what was said before is forgotten')
  return nothing
}
