import { createHash } from 'node:crypto'
import { plainText } from '#shared/domain/plain-text.ts'
import { Severity } from '#shared/domain/severity.ts'
import { type RuleList, ruleKinds, type WatchedRules } from '#shared/domain/watched-rules.ts'
import type { SignalRow } from '../ingest/rows.ts'
import type { Store, Tx } from '../store/store.ts'
import { dayOf } from './days.ts'

/*
 * Which Sigma rules speak their own level, by their record on this fleet. Enters: which rules machines watch, and signals of rules. Leaves: of
 * a rule that is armed here its signal with the rule's own level, and whose word that is. Promises: what a policy says of a rule stands,
 * whichever way; the severity is settled when the signal is committed, so whoever reads it later reads the same. On failure of the store:
 * nothing is committed, and it comes again. Threat: a machine that lists what others don't watch: it counts as one machine, names its lists
 * by what is in them, and has room for so many.
 */
export interface RuleKeepers {
  keepRules(tx: Tx, told: ToldRules, receivedAt: number): Promise<void>
  /** The same signals, those of rules that are armed here with their own level. */
  withArmed(signals: SignalRow[]): Promise<SignalRow[]>
}

export interface ToldRules {
  lists: readonly { endpointId: string; list: RuleList }[]
  /** By endpoint: the last word counts. */
  watched: ReadonlyMap<string, WatchedRules>
}

/** An honest machine tells some in its life, and those that nobody watches any more end after a day. */
const maxListsOfEndpoint = 50

export function ruleKeepers({ db, capabilities: { putRows } }: Store): RuleKeepers {
  return {
    async keepRules(tx, { lists, watched }, receivedAt) {
      for (const { endpointId, list } of lists) await keepList(tx, endpointId, list, receivedAt)
      for (const [endpoint_id, said] of watched) {
        const now = { endpoint_id, lists: JSON.stringify(said.lists), left_out: said.leftOut, at: receivedAt }
        const known = await tx
          .selectFrom('rule_watches')
          .select(['began_day', 'began_lists'])
          .where('endpoint_id', '=', endpoint_id)
          .executeTakeFirst()
        // Of the day on which a machine tells it first nobody knows what it began with.
        const began = known ?? { began_day: dayOf(receivedAt), began_lists: '[]' }
        await putRows(tx, 'rule_watches', [{ ...now, ...began }], { replaceWhere: ['endpoint_id'] })
      }
    },
    async withArmed(signals) {
      const rules = signals.flatMap((row) => ruleIn(row)?.rule ?? [])
      if (rules.length === 0) return signals
      const rows = await db
        .selectFrom('watched_rules')
        .select(['rule', 'digest'])
        .where('is_armed', '=', 1)
        .where('rule', 'in', [...new Set(rules)])
        .execute()
      const armed = new Set(rows.map(({ rule, digest }) => `${digest} ${rule}`))
      return signals.map((row) => raised(row, armed))
    },
  }
}

async function keepList(tx: Tx, endpointId: string, { digest, rules }: RuleList, at: number): Promise<void> {
  const body = JSON.stringify(rules)
  if (createHash('sha256').update(body).digest('hex').slice(0, 32) !== digest) return
  const theirs = tx.selectFrom('rule_lists').where('endpoint_id', '=', endpointId)
  const { count } = await theirs.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  if (Number(count) >= maxListsOfEndpoint) return
  const row = { digest, body: plainText(body), endpoint_id: endpointId, at }
  await tx
    .insertInto('rule_lists')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

interface SaidOfRule {
  rule: string
  digest: string
  level: Severity
}

/** What a signal says of its rule, where nobody's policy has spoken of that. */
function ruleIn({ kind, facts }: SignalRow): (SaidOfRule & { facts: object }) | undefined {
  if (!kind.startsWith(ruleKinds)) return undefined
  const said = JSON.parse(facts) as Record<string, unknown>
  const { rule, digest, level, armed, armedBy } = said
  const isOpen = armed === false && armedBy === 'nobody'
  if (!isOpen || typeof rule !== 'string' || typeof digest !== 'string' || !isSeverity(level)) return undefined
  return { rule, digest, level, facts: said }
}

const isSeverity = (value: unknown): value is Severity => Severity.options.some((each) => each === value)

function raised(row: SignalRow, armed: ReadonlySet<string>): SignalRow {
  const said = ruleIn(row)
  if (!said || !armed.has(`${said.digest} ${said.rule}`)) return row
  return { ...row, severity: said.level, facts: JSON.stringify({ ...said.facts, armed: true, armedBy: 'fleet' }) }
}
