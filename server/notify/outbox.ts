import type { Kysely, Selectable } from 'kysely'
import type { Logger } from 'pino'
import { v7 as orderedId } from 'uuid'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Language } from '#shared/domain/language.ts'
import { type Cancel, hours, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { OutboxTable, ReceiversTable } from '../store/tables/notify.ts'
import { hold, type Limits, usualLimits } from './holding.ts'
import type { SendMail } from './mail.ts'
import type { Delivery, Message, Notifier } from './notifier.ts'
import { acceptWithinMs } from './notify.ts'
import type { Post } from './post.ts'
import { read, sayTogether, type Words } from './said.ts'

/** Delivers what the outbox holds, after the commit, to each receiver in its order; a dead one holds nobody else up. */
export interface Outbox {
  nudge(): void
  /** Everything that is due now has been tried. */
  idle(): Promise<void>
  stop(): Promise<void>
}

type Row = Selectable<OutboxTable>
type Receiver = Selectable<ReceiversTable>

export interface OutboxOptions {
  db: Kysely<Database>
  time: Time
  log: Logger
  notifiers: readonly Notifier[]
  /** To our own people, and to customers. */
  words: Words
  customerWords: Record<Language, Words>
  post: Post
  sendMail: SendMail
  /** The console's address, once it listens. */
  base(): string | undefined
  limits?: Limits
  /** The ticket stage's: a word on the timeline when somebody could not be told. */
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
  /** A person can't be paged by any of their ways. */
  onUnreached?(tx: Tx, page: { ticketId: string; personId: string; row: Row }, now: number): Promise<void>
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

  const deliverAll = async (receiver: Receiver): Promise<void> => {
    for (
      let row = await nextOf(db, receiver.id, time.now());
      row && !ended.signal.aborted;
      row = await nextOf(db, receiver.id, time.now())
    ) {
      await handle(options, receiver, row, ended.signal)
    }
  }
  const startQueue = (receiver: Receiver): void => {
    if (queues.has(receiver.id)) return
    const queue = deliverAll(receiver).then(
      () => {
        queues.delete(receiver.id)
        nudge()
      },
      (error: unknown) => {
        queues.delete(receiver.id)
        log.error({ err: error, receiver: receiver.id }, 'the outbox could not be worked through; trying again')
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
        log.error({ err: error }, 'the outbox could not be read; trying again')
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

/** Sends it, alone or with what waits beside it; or has it wait; or gives a page to the next way. */
async function handle(options: OutboxOptions, receiver: Receiver, row: Row, stop: AbortSignal): Promise<void> {
  const { db, time, limits = usualLimits } = options
  const now = time.now()
  if (row.pass_on_at !== null && row.attempts > 0 && row.pass_on_at <= now)
    return record(options, receiver, [row], { kind: 'failed', isRetryable: false, reason: 'it was not accepted in time' })
  const held = await hold(db, receiver, row, limits, now)
  if (held.kind === 'wait') {
    const passOnAt = row.pass_on_at === null ? null : held.until + acceptWithinMs
    const later = { next_attempt_at: held.until, pass_on_at: passOnAt }
    await db.updateTable('outbox').set(later).where('id', '=', row.id).execute()
    return
  }
  const delivery = await deliver(options, receiver, held, stop)
  if (!stop.aborted) await record(options, receiver, held.rows, delivery)
}

async function deliver(
  options: OutboxOptions,
  receiver: Receiver,
  { rows, how }: { rows: readonly Row[]; how: 'bundle' | 'digest' },
  stop: AbortSignal,
): Promise<Delivery> {
  const { notifiers, post, sendMail, time } = options
  const notifier = notifiers.find(({ name }) => name === receiver.notifier)
  const row = rows.at(-1)
  if (!notifier || !row) return { kind: 'failed', reason: `there is no notifier "${receiver.notifier}"`, isRetryable: false }
  const told = rows.map(({ event, ticket_id, body }) => ({ event, ticketId: ticket_id, body }))
  // What can't be said must not keep what stands behind it from being said.
  try {
    const settings = notifier.settings.safeParse(JSON.parse(receiver.settings))
    if (!settings.success) return { kind: 'failed', reason: 'its settings are broken', isRetryable: false }
    const message: Message = {
      ...{ id: rows[0]?.id ?? row.id, event: row.event, ticketId: row.ticket_id, ticketNumber: numberOf(rows) },
      ...{ createdAt: row.created_at, body: JSON.parse(row.body) as unknown },
      ...{ said: sayTogether(wordsTo(receiver, row, options), told, linkTo(receiver, options), how), isPage: row.pass_on_at !== null },
    }
    return await notifier.deliver(message, settings.data, { time, stop, post, sendMail })
  } catch (error) {
    return { kind: 'failed', reason: sentenceOf(error), isRetryable: true }
  }
}

const wordsTo = ({ audience }: Receiver, row: Row, { words, customerWords }: OutboxOptions): Words => {
  if (audience !== 'contact' && audience !== 'requester') return words
  const { language, organisation } = read(row)
  return customerWords[language ?? organisation.language]
}

/** Whoever only asks for something need not have a sign-in. */
const linkTo = ({ audience }: Receiver, { base }: OutboxOptions): string | undefined => (audience === 'requester' ? undefined : base())

/** Of the one ticket that it is about; several are nobody's thread. */
const numberOf = ([row, ...others]: readonly Row[]): number | null =>
  row && others.length === 0 && row.ticket_id !== null ? (read(row).ticket?.number ?? null) : null

async function record(options: OutboxOptions, receiver: Receiver, rows: readonly Row[], delivery: Delivery): Promise<void> {
  const { db, time, log } = options
  const now = time.now()
  const ids = rows.map(({ id }) => id)
  if (delivery.kind === 'delivered') {
    const done = { delivered_at: now, last_error: null }
    await db
      .updateTable('outbox')
      .set((row) => ({ ...done, attempts: row('attempts', '+', 1) }))
      .where('id', 'in', ids)
      .execute()
    return
  }
  log.warn({ receiver: receiver.id, outbox: ids, reason: delivery.reason }, 'a receiver could not be told')
  await db.transaction().execute(async (tx) => {
    for (const row of rows) await recordFailure(tx, options, receiver, row, delivery, now)
  })
}

async function recordFailure(
  tx: Tx,
  { sayOnTimeline, onUnreached }: OutboxOptions,
  receiver: Receiver,
  row: Row,
  { isRetryable, reason }: Extract<Delivery, { kind: 'failed' }>,
  now: number,
): Promise<void> {
  const attempts = row.attempts + 1
  const passOnAt = row.pass_on_at ?? Number.POSITIVE_INFINITY
  const isOver = !isRetryable || attempts >= maxAttempts || passOnAt <= now
  const outcome = isOver ? { failed_at: now } : { next_attempt_at: Math.min(now + backoffMs(attempts), passOnAt) }
  const kept = await tx
    .updateTable('outbox')
    .set({ attempts, last_error: reason, ...outcome })
    .where('id', '=', row.id)
    .where('failed_at', 'is', null)
    .executeTakeFirst()
  // Somebody acknowledged meanwhile: nobody is paged any more.
  if (!isOver || kept.numUpdatedRows === 0n) return
  if (row.ticket_id !== null) {
    const body = { receiver: receiver.name, event: row.event, isDelivered: false, attempts, reason }
    await sayOnTimeline(tx, row.ticket_id, { at: now, kind: 'notified', actor: 'system', body })
  }
  if (row.pass_on_at === null || receiver.person_id === null || row.ticket_id === null) return
  if (await passOn(tx, receiver, row, now)) return
  await onUnreached?.(tx, { ticketId: row.ticket_id, personId: receiver.person_id, row }, now)
}

/** By the person's next way. @returns false: there is none. */
async function passOn(tx: Tx, { person_id, rank }: Receiver, row: Row, now: number): Promise<boolean> {
  const next = await tx
    .selectFrom('receivers')
    .select('id')
    .where('person_id', '=', person_id)
    .where('disabled_at', 'is', null)
    .where('rank', '>', rank ?? 0)
    .orderBy('rank')
    .limit(1)
    .executeTakeFirst()
  if (!next) return false
  const fresh = { attempts: 0, next_attempt_at: now, pass_on_at: now + acceptWithinMs, failed_at: null, last_error: null }
  await tx
    .insertInto('outbox')
    .values({ ...row, ...fresh, id: orderedId(), receiver_id: next.id, created_at: now })
    .execute()
  return true
}

const waiting = (db: Kysely<Database>) => db.selectFrom('outbox').where('delivered_at', 'is', null).where('failed_at', 'is', null)

const nextOf = (db: Kysely<Database>, receiverId: string, now: number): Promise<Row | undefined> =>
  waiting(db)
    .selectAll()
    .where('receiver_id', '=', receiverId)
    .where('next_attempt_at', '<=', now)
    // Pages first: whatever else a receiver still has to hear, this is what somebody shall get up for.
    .orderBy(({ eb }) => eb.case().when('pass_on_at', 'is', null).then(1).else(0).end())
    .orderBy('next_attempt_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()

const dueReceivers = (db: Kysely<Database>, now: number): Promise<Receiver[]> =>
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
