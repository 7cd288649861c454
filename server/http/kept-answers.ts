import { hash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { hours, type Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import { Refusal, refuse } from './problems.ts'

/*
 * Enters: a creating request with its Idempotency-Key. Leaves: its answer, or the one that was kept for 24 hours.
 * Promises: at most one effect for a key, also when two come at once: the key is claimed before the work begins, and
 * what was refused gives it back. An answer that holds a secret is not kept, so a stolen database holds none; a repeated
 * key is told that the thing was made. On failure in the middle: nobody knows whether it happened, and it is said so.
 * Threat: a program that tries again because it did not hear the answer.
 */

const keptMs = hours(24)
/** Status of a key whose work has begun. */
const begun = 0

export interface Once {
  /** Who asks: a key is theirs alone. */
  caller: string
  route: string
  key: string
  /** Everything that makes this request what it is. */
  request: unknown
  holdsSecret: boolean
}
export interface Answer {
  status: number
  body: unknown
}
export interface KeptAnswers {
  once(request: Once, work: () => Promise<Answer>): Promise<Answer & { isRepeated: boolean }>
}

type Work = () => Promise<Answer>

export function createKeptAnswers({ db, time }: { db: Kysely<Database>; time: Time }): KeptAnswers {
  const queues = new Map<string, Promise<unknown>>()

  /** One after the other for the same key; in this process only, which is the one that serves the console. */
  const inTurn = async <T>(id: string, turn: () => Promise<T>): Promise<T> => {
    const mine = (queues.get(id) ?? Promise.resolve()).then(turn, turn)
    queues.set(id, mine)
    try {
      return await mine
    } finally {
      if (queues.get(id) === mine) queues.delete(id)
    }
  }

  return {
    once: ({ caller, route, key, request, holdsSecret }, work) => {
      const id = hash('sha256', JSON.stringify([caller, route, key]))
      const requestHash = hash('sha256', JSON.stringify(request))
      return inTurn(id, async () => {
        if (await claim(db, id, requestHash, time.now())) return { ...(await run(db, id, work, holdsSecret)), isRepeated: false }
        return { ...(await keptAnswer(db, id, requestHash, holdsSecret)), isRepeated: true }
      })
    },
  }
}

async function claim(db: Kysely<Database>, id: string, requestHash: string, now: number): Promise<boolean> {
  await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', now - keptMs)
    .execute()
  const claimed = await db
    .insertInto('idempotency_keys')
    .values({ id, request_hash: requestHash, status: begun, body: '', created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return claimed.numInsertedOrUpdatedRows === 1n
}

async function run(db: Kysely<Database>, id: string, work: Work, holdsSecret: boolean): Promise<Answer> {
  try {
    const { status, body } = await work()
    const kept = holdsSecret || body === undefined ? '' : JSON.stringify(body)
    await db.updateTable('idempotency_keys').set({ status, body: kept }).where('id', '=', id).execute()
    return { status, body }
  } catch (error) {
    if (error instanceof Refusal) await db.deleteFrom('idempotency_keys').where('id', '=', id).execute()
    throw error
  }
}

async function keptAnswer(db: Kysely<Database>, id: string, requestHash: string, holdsSecret: boolean): Promise<Answer> {
  const kept = await db.selectFrom('idempotency_keys').selectAll().where('id', '=', id).executeTakeFirst()
  if (kept && kept.request_hash !== requestHash)
    throw refuse('key-reused', 'This Idempotency-Key came with another request before: use a new one.')
  if (!kept || kept.status === begun)
    throw refuse('key-unfinished', 'The first request broke off: look whether it was done, then use a new key.')
  if (holdsSecret) throw refuse('key-answered', 'It was made when this key came first. If its secret is lost, revoke it and make another.')
  return { status: kept.status, body: kept.body === '' ? undefined : JSON.parse(kept.body) }
}
