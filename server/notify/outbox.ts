import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, hours, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Entry } from '../changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { OutboxTable, ReceiversTable } from '../store/tables/notify.ts'
import type { Delivery, Notifier } from './notifier.ts'

/** Delivers what the outbox holds, after the commit, to each receiver in its order; a dead one holds nobody else up. */
export interface Outbox {
  nudge(): void
  /** Everything that is due now has been tried. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface OutboxOptions {
  db: Kysely<Database>
  time: Time
  log: Logger
  notifiers: readonly Notifier[]
  /** The ticket stage's: a word on the timeline when somebody could not be told. */
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
}

/** 5 s, 10 s, 20 s … up to an hour between tries: about five hours, then somebody has to look. */
const maxAttempts = 14
const backoffMs = (attempts: number): number => Math.min(hours(1), seconds(5) * 2 ** (attempts - 1))
/** Looked at again even when nobody nudges: the wall clock may have jumped. */
const longestSleepMs = minutes(10)

export function createOutbox(options: OutboxOptions): Outbox {
  const { db, time, log } = options
  const ended = new AbortController()
  const queues = new Map<string, Promise<void>>()
  let looking: Promise<void> | undefined
  let isNudged = false
  let cancelWake: Cancel = () => undefined

  const deliverAll = async (receiver: ReceiversTable): Promise<void> => {
    for (
      let row = await nextOf(db, receiver.id, time.now());
      row && !ended.signal.aborted;
      row = await nextOf(db, receiver.id, time.now())
    ) {
      const delivery = await deliver(options, receiver, row, ended.signal)
      if (!ended.signal.aborted) await record(options, receiver, row, delivery)
    }
  }
  const startQueue = (receiver: ReceiversTable): void => {
    if (queues.has(receiver.id)) return
    const queue = deliverAll(receiver).then(
      () => {
        queues.delete(receiver.id)
        nudge()
      },
      (error: unknown) => {
        queues.delete(receiver.id)
        log.error({ error, receiver: receiver.id }, 'the outbox could not be worked through; trying again')
        planWake(seconds(1))
      },
    )
    queues.set(receiver.id, queue)
  }
  const planWake = (ms: number): void => {
    cancelWake()
    if (!ended.signal.aborted) cancelWake = time.after(ms, nudge)
  }
  const look = async (): Promise<void> => {
    while (isNudged && !ended.signal.aborted) {
      isNudged = false
      for (const receiver of await dueReceivers(db, time.now())) startQueue(receiver)
      const next = await nextAttemptAt(db, time.now())
      planWake(next === undefined ? longestSleepMs : Math.min(longestSleepMs, next - time.now()))
    }
  }
  const nudge = (): void => {
    isNudged = true
    looking ??= look()
      .catch((error: unknown) => {
        log.error({ error }, 'the outbox could not be read; trying again')
        planWake(seconds(1))
      })
      .finally(() => {
        looking = undefined
      })
  }
  const idle = async (): Promise<void> => {
    while (looking || queues.size > 0) await Promise.all([looking, ...queues.values()])
  }
  return {
    nudge,
    async idle() {
      nudge()
      await idle()
    },
    async stop() {
      ended.abort()
      cancelWake()
      await idle()
    },
  }
}

async function deliver(
  { notifiers, time }: OutboxOptions,
  receiver: ReceiversTable,
  row: OutboxTable,
  stop: AbortSignal,
): Promise<Delivery> {
  const notifier = notifiers.find(({ name }) => name === receiver.notifier)
  if (!notifier) return { kind: 'failed', reason: `there is no notifier "${receiver.notifier}"`, isRetryable: false }
  const settings = notifier.settings.safeParse(JSON.parse(receiver.settings))
  if (!settings.success) return { kind: 'failed', reason: 'its settings are broken', isRetryable: false }
  const message = {
    id: row.id,
    event: row.event,
    ticketId: row.ticket_id,
    createdAt: row.created_at,
    body: JSON.parse(row.body) as unknown,
  }
  try {
    return await notifier.deliver(message, settings.data, time, stop)
  } catch (error) {
    return { kind: 'failed', reason: sentenceOf(error), isRetryable: true }
  }
}

async function record(
  { db, time, log, sayOnTimeline }: OutboxOptions,
  receiver: ReceiversTable,
  row: OutboxTable,
  delivery: Delivery,
): Promise<void> {
  const now = time.now()
  const attempts = row.attempts + 1
  if (delivery.kind === 'delivered') {
    await db.updateTable('outbox').set({ attempts, delivered_at: now, last_error: null }).where('id', '=', row.id).execute()
    return
  }
  const isOver = !delivery.isRetryable || attempts >= maxAttempts
  const outcome = isOver ? { failed_at: now } : { next_attempt_at: now + backoffMs(attempts) }
  log.warn({ receiver: receiver.id, outbox: row.id, attempts, isOver, reason: delivery.reason }, 'a receiver could not be told')
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('outbox')
      .set({ attempts, last_error: delivery.reason, ...outcome })
      .where('id', '=', row.id)
      .execute()
    if (!isOver || row.ticket_id === null) return
    const body = { receiver: receiver.name, event: row.event, isDelivered: false, attempts, reason: delivery.reason }
    await sayOnTimeline(tx, row.ticket_id, { at: now, kind: 'notified', actor: 'system', body })
  })
}

const waiting = (db: Kysely<Database>) => db.selectFrom('outbox').where('delivered_at', 'is', null).where('failed_at', 'is', null)

const nextOf = (db: Kysely<Database>, receiverId: string, now: number): Promise<OutboxTable | undefined> =>
  waiting(db)
    .selectAll()
    .where('receiver_id', '=', receiverId)
    .where('next_attempt_at', '<=', now)
    .orderBy('next_attempt_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()

const dueReceivers = (db: Kysely<Database>, now: number): Promise<ReceiversTable[]> =>
  db
    .selectFrom('receivers')
    .selectAll()
    .where('disabled_at', 'is', null)
    .where('id', 'in', waiting(db).select('receiver_id').where('next_attempt_at', '<=', now))
    .execute()

async function nextAttemptAt(db: Kysely<Database>, now: number): Promise<number | undefined> {
  const next = await waiting(db)
    .select('next_attempt_at')
    .where('next_attempt_at', '>', now)
    .orderBy('next_attempt_at')
    .limit(1)
    .executeTakeFirst()
  return next?.next_attempt_at ?? undefined
}
