import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Around, Notifier } from './notifier.ts'

/** Whoever watches outside is told each minute that we live. */
const everyMs = minutes(1)

export interface HeartbeatOptions extends Omit<Around, 'stop'> {
  db: Kysely<Database>
  log: Logger
  notifier: Notifier
  /** Whether a commit succeeds now: a collector that can't store anything is as good as dead, and says nothing. */
  isWell(): Promise<boolean>
}

/** @returns its stop. */
export function startHeartbeats(options: HeartbeatOptions): () => Promise<void> {
  const { time, log } = options
  const ended = new AbortController()
  let beating: Promise<void> = Promise.resolve()
  let cancel: Cancel = () => undefined
  const beat = (): void => {
    beating = beatAll(options, ended.signal)
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'the heartbeat could not be sent'))
      .finally(() => {
        if (!ended.signal.aborted) cancel = time.after(everyMs, beat)
      })
  }
  cancel = time.after(0, beat)
  return async () => {
    ended.abort()
    cancel()
    await beating
  }
}

async function beatAll({ db, log, notifier, isWell, ...around }: HeartbeatOptions, stop: AbortSignal): Promise<void> {
  const receivers = await db
    .selectFrom('receivers')
    .select(['id', 'settings'])
    .where('notifier', '=', notifier.name)
    .where('disabled_at', 'is', null)
    .execute()
  if (receivers.length === 0 || !(await isWell())) return
  const now = around.time.now()
  const message = {
    ...{ id: `heartbeat-${now}`, event: 'heartbeat', ticketId: null, ticketNumber: null, createdAt: now, body: {} },
    ...{ said: { title: 'Tierline lives', lines: [], link: null }, isPage: false },
  }
  const beats = receivers.map(async ({ id, settings }) => {
    const delivery = await notifier.deliver(message, notifier.settings.parse(JSON.parse(settings)), { ...around, stop })
    if (delivery.kind === 'failed') log.warn({ receiver: id, reason: delivery.reason }, 'a heartbeat did not arrive')
  })
  await Promise.all(beats)
}
