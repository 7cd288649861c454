import { randomUUIDv7 } from 'node:crypto'
import type { Logger } from 'pino'
import type { NewStanding, StandingDraft } from '#shared/api/standing.ts'
import { commands } from '#shared/commands/registry.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, days, seconds, type Time } from '#shared/domain/time.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import { maxStandingChars, StandingOrder } from '#shared/protocol/standing-order.ts'
import type { Person } from '../../desk/desk.ts'
import type { Entry } from '../../pipeline/changes.ts'
import type { Store, Tx } from '../../store/store.ts'
import type { StandingOrdersTable } from '../../store/tables/command.ts'
import { covered } from './covered.ts'
import { deliver, isAnythingDue } from './deliver.ts'
import { drafts } from './drafts.ts'
import { addStandingSignature, type KeepNeeds, orderIn, payloadOf, type StandingSigned, signedByCollector } from './keep.ts'
import { joinTickets, unjoined } from './runs.ts'
import { inNoZone, zoned } from './zones.ts'

/*
 * What machines shall do by themselves. Enters: what people ask for, operators' signatures. Leaves: signed versions, with
 * numbers that only rise, over a restore too, and the commands that bring them to machines. Promises: nothing that
 * isn't signed as it must be leaves; whoever asks for nothing signs nothing. On failure of a round it is tried again.
 */

export interface StandingOrders {
  /** Those that ship. */
  drafts: readonly StandingDraft[]
  ask(asked: NewStanding, by: Person): Promise<Asked>
  /** Of the version that waits. */
  sign(id: string, jws: string, by: Person): Promise<StandingSigned>
  /** One that nobody signed is dropped; else its withdrawal waits for a signature like the order itself. */
  withdraw(id: string, by: Person, reason: string): Promise<Asked>
  /** Looks at once, and from then on by itself. */
  nudge(): void
  stop(): Promise<void>
}

export type Asked = { kind: 'asked'; id: string; status: 'unsigned' | 'signed' } | { kind: 'refused'; reason: string }

export interface StandingNeeds extends Omit<KeepNeeds, 'db'> {
  store: Store
  time: Time
  log: Logger
  turns<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
  /** Commands were requested. */
  nudge(): void
  auditHead?: ((db: Store['db']) => Promise<string>) | undefined
}

/** How soon a machine that came, a stop or a signature is noticed. */
const everyMs = seconds(5)
/** A look at 10,000 machines with three orders each takes 240 ms of a core: so it is seldomer there, and costs 2 % of one at most. */
const restsTimes = 50
/** One look that was slow, of a machine that was busy, makes nobody wait for minutes. */
const everyMostMs = seconds(20)

export function createStanding(needs: StandingNeeds): StandingOrders {
  const { store, time, log, turns, sayOnTimeline, nudge } = needs
  const { db } = store
  const keeping: KeepNeeds = { ...needs, db }
  let cancel: Cancel = () => undefined
  let isStopped = false
  let running: Promise<void> = Promise.resolve()

  const round = async (): Promise<void> => {
    const any = await db.selectFrom('standing_orders').select('id').limit(1).executeTakeFirst()
    if (!any) return
    const isQuiet = (await unjoined(store.reader, time.now())).length === 0 && !(await isAnythingDue(store.reader, time.now()))
    if (isQuiet) return
    const count = await turns(async (tx) => {
      await joinTickets(tx, sayOnTimeline, time.now())
      return deliver(tx, store, time.now())
    })
    if (count > 0) nudge()
  }
  const look = (): void => {
    const began = time.monotonic()
    running = round()
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'standing orders could not be brought to machines; tried again'))
      .finally(() => {
        if (!isStopped) cancel = time.after(Math.min(everyMostMs, Math.max(everyMs, restsTimes * (time.monotonic() - began))), look)
      })
  }
  const put = async (order: StandingOrder, isWithdrawal: boolean, by: Person): Promise<Asked> => {
    const asked = rowOf(order, isWithdrawal, by.id, time.now())
    if (asked.payload.length > maxStandingChars)
      return refused('It is too long to be signed; name fewer machines, or shorten what it does.')
    const row = await signedByCollector(keeping, asked, time.now())
    const isKept = await turns(async (tx) => {
      const insert = tx.insertInto('standing_orders').values(row)
      const kept = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      if (kept.numInsertedOrUpdatedRows !== 1n) return false
      await by.record?.(tx, order.id)
      return true
    })
    if (!isKept) return refused('Somebody changed it at the same moment; look at it again.')
    const isSigned = row.state === 'signed'
    if (isSigned) await round()
    return { kind: 'asked', id: order.id, status: isSigned ? 'signed' : 'unsigned' }
  }
  const newest = (id: string) =>
    db.selectFrom('standing_orders').selectAll().where('id', '=', id).orderBy('number', 'desc').executeTakeFirst()

  return {
    drafts,
    async ask(asked, by) {
      const made = await compose(needs, asked, by)
      return made.kind === 'order' ? put(made.order, false, by) : made
    },
    async sign(id, jws, by) {
      const row = await newest(id)
      if (!row) return refused('There is no such standing order.')
      const signed = await addStandingSignature({ ...keeping, record: by.record }, row, jws, time.now())
      if (signed.kind === 'signed') await round()
      return signed
    },
    async withdraw(id, by, reason) {
      const row = await newest(id)
      if (!row || row.state === 'dropped' || row.is_withdrawal === 1)
        return refused('There is nothing to withdraw: it is over, or waits for its withdrawal to be signed.')
      if (row.state === 'unsigned') {
        const isDropped = await turns(async (tx) => {
          const drop = tx.updateTable('standing_orders').set({ state: 'dropped' }).where('id', '=', id).where('state', '=', 'unsigned')
          if ((await drop.executeTakeFirst()).numUpdatedRows !== 1n) return false
          await by.record?.(tx)
          return true
        })
        if (isDropped) return { kind: 'asked', id, status: 'signed' }
        // Its last signature came in between: it is in force, and has to be withdrawn like any other.
      }
      const now = time.now()
      const order = { ...orderIn(row), number: nextNumber(row.number, now), isWithdrawn: true, requestedBy: by.name, reason }
      return put(order, true, by)
    },
    nudge: () => {
      cancel()
      look()
    },
    stop: async () => {
      isStopped = true
      cancel()
      await running
    },
  }
}

type Composed = { kind: 'order'; order: StandingOrder } | { kind: 'refused'; reason: string }

async function compose({ store, time, auditHead }: StandingNeeds, asked: NewStanding, by: { name: string }): Promise<Composed> {
  const shipped = drafts.find(({ draft }) => draft === asked.draft)
  if (asked.draft !== undefined && !shipped)
    return refused(`There is no draft "${asked.draft}"; there are ${drafts.map(({ draft }) => draft).join(', ')}.`)
  const organisations = store.db.selectFrom('organisations').select('time_zone').where('id', '=', asked.organisationId)
  const { time_zone } = await organisations.executeTakeFirstOrThrow()
  const {
    draft: _,
    says: __,
    days: shippedDays,
    role: shippedRole,
    ...meant
  } = shipped ?? { draft: '', says: '', days: 90, role: undefined }
  const { organisationId, draft: ___, days: askedDays, when, ...more } = asked
  const now = time.now()
  const window = when ?? ('when' in meant ? inNoZone(meant.when) : undefined)
  const head = await auditHead?.(store.db)
  const role = more.role ?? (more.endpoints ? undefined : shippedRole)
  const parsed = StandingOrder.safeParse({
    ...{ v: 1, id: randomUUIDv7(), number: nextNumber(0, now), organisationId, args: {}, ...meant, ...more },
    ...(role !== undefined && { role }),
    ...(window && { when: await zoned(store.db, window, asked, time_zone) }),
    ...{ issuedAt: now, endsAt: now + days(askedDays ?? shippedDays), isWithdrawn: false, requestedBy: by.name.slice(0, 200) },
    ...(head !== undefined && { auditHead: head }),
  })
  if (!parsed.success) return refused(`This is no standing order: ${firstIssue(parsed.error)}.`)
  return (await whyNot(store, parsed.data)) ?? { kind: 'order', order: parsed.data }
}

async function whyNot(store: Store, order: StandingOrder): Promise<Composed | undefined> {
  const definition = commands.get(order.verb)
  if (!definition) return refused(`There is no command "${order.verb}".`)
  const args = order.argsFrom ? undefined : definition.args.safeParse(order.args)
  if (args && !args.success) return refused(`args.${firstIssue(args.error)}`)
  const named = order.endpoints ? await covered(store.db, { organisationId: order.organisationId, endpoints: order.endpoints }) : undefined
  return named && named.length < (order.endpoints?.length ?? 0) ? refused('Not all of these machines are of this organisation.') : undefined
}

/** Seconds, so that a collector set back to a backup goes on above what it forgot. */
const nextNumber = (last: number, now: number): number => Math.max(last + 1, Math.floor(now / seconds(1)))

const rowOf = (order: StandingOrder, isWithdrawal: boolean, askedBy: string, now: number): StandingOrdersTable => ({
  ...{ id: order.id, number: order.number, organisation_id: order.organisationId, payload: payloadOf(order), signatures: '[]' },
  ...{ risk: commands.get(order.verb)?.risk ?? 'high', state: 'unsigned', is_withdrawal: isWithdrawal ? 1 : 0 },
  ...{ ends_at: order.endsAt, asked_by: askedBy, asked_at: now },
})

const refused = (reason: string): { kind: 'refused'; reason: string } => ({ kind: 'refused', reason })
