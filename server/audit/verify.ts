import type { Kysely } from 'kysely'
import { keptDays } from '#shared/domain/retention.ts'
import { days } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import { beginning, type Head, headText, linkOf, payloadHashOf } from './chain.ts'

/*
 * Is the audit what it was? Enters: the table, and heads that left the machine. Leaves: what is wrong, each with its place.
 * Promises: reads page by page; says `proven` only up to a head that came from outside, since a chain that was computed
 * anew as a whole is consistent in itself.
 */

export interface Verdict {
  /** Each one sentence that names its line; the first so many. */
  faults: string[]
  lines: number
  /** Of before there was a chain: they prove nothing. */
  unchained: number
  erased: number
  /** Of these, how many before signals and tickets end by themselves: somebody had them ended. */
  erasedEarly: number
  head: Head
  /** The highest line that a head from outside proves; null: none did. */
  provenTo: number | null
}

const pageLines = 1_000
export const maxFaults = 20

/** Beside a collector that goes on writing too: only what stood there before the first line is read must be there. */
export async function verifyAudit(db: Kysely<Database>, heads: readonly Head[]): Promise<Verdict> {
  const before = await keptHead(db)
  const walk = new Walk(heads, before)
  for (let last = 0; ; ) {
    const page = await readPage(db, last)
    for (const line of page) walk.take(line)
    last = page.at(-1)?.number ?? last
    if (page.length < pageLines) break
  }
  const unchained = await db
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('lines'))
    .where('number', 'is', null)
    .executeTakeFirstOrThrow()
  return { ...walk.end(await keptHead(db)), unchained: Number(unchained.lines) }
}

const keptHead = (db: Kysely<Database>): Promise<Head | undefined> =>
  db.selectFrom('audit_heads').select(['number', 'hash']).where('id', '=', 'head').executeTakeFirst()

async function readPage(db: Kysely<Database>, after: number) {
  const lines = db.selectFrom('audit').leftJoin('audit_payloads', 'audit_id', 'audit.id').selectAll('audit').select(['salt', 'detail'])
  const rows = await lines.where('number', '>', after).orderBy('number').limit(pageLines).execute()
  return rows.map((row) => ({ ...row, number: row.number ?? 0 }))
}

type Row = Awaited<ReturnType<typeof readPage>>[number]

class Walk {
  readonly #heads: Map<number, Set<string>>
  readonly #faults: string[] = []
  /** Lines that tell nothing, with their instants. */
  readonly #bare = new Map<number, number>()
  readonly #before: Head | undefined
  #head: Head = beginning
  #lines = 0
  #erased = 0
  #erasedEarly = 0
  #provenTo: number | null = null
  #firstFault: number | null = null

  constructor(heads: readonly Head[], before: Head | undefined) {
    this.#before = before
    this.#heads = new Map(
      [...Map.groupBy(heads, ({ number }) => number)].map(([number, those]) => [number, new Set(those.map(({ hash }) => hash))]),
    )
  }

  take(row: Row): void {
    const { number } = row
    this.#lines += 1
    const expected = this.#head.number + 1
    if (number === expected + 1) this.#say(expected, `Line ${expected} is missing`)
    else if (number > expected) this.#say(expected, `Lines ${expected} to ${number - 1} are missing`)
    else if (row.previous !== this.#head.hash)
      this.#say(number, `Line ${number} does not follow line ${number - 1}: one of the two is not the one that stood there`)
    if (linkOf(lineOf(row)) !== row.hash) this.#say(number, `Line ${number} was altered (${row.action} of ${row.target})`)
    this.#takePayload(row)
    this.#head = { number, hash: row.hash ?? '' }
    this.#meet(this.#head)
    if (row.action === 'audit.erase') this.#forgive(row)
  }

  #takePayload({ number, at, salt, detail, payload_hash, action, target }: Row): void {
    if (salt === null || detail === null) this.#bare.set(number, at)
    else if (payloadHashOf(salt, detail) !== payload_hash)
      this.#say(number, `What line ${number} tells was altered (${action} of ${target})`)
  }

  #meet({ number, hash }: Head): void {
    const said = this.#heads.get(number)
    if (!said) return
    this.#heads.delete(number)
    if ([...said].some((each) => each !== hash)) {
      const since = this.#provenTo === null ? 'from its beginning' : `after line ${this.#provenTo}`
      this.#say(number, `Line ${number} is not the one whose head left this machine: the chain was written anew somewhere ${since}`)
    } else if (this.#firstFault === null) this.#provenTo = number
  }

  /** `audit:1-7,9`: their payloads ended, and it was said; `@30d`: of organisations that keep them for so long. */
  #forgive({ target, at }: Row): void {
    const [spans = '', kept = keptDays.usual] = target.replace(/^audit:/, '').split('@')
    const keptForMs = days(Math.max(keptDays.least, Number.parseInt(String(kept), 10) || keptDays.usual))
    for (const span of spans.split(',')) {
      const [from = 0, to = from] = span.split('-').map(Number)
      for (const [number, toldAt] of this.#bare)
        if (number >= from && number <= to) {
          this.#bare.delete(number)
          this.#erased += 1
          this.#erasedEarly += Number(toldAt > at - keptForMs)
        }
    }
  }

  end(kept: Head | undefined): Omit<Verdict, 'unchained'> {
    for (const number of this.#bare.keys()) this.#say(number, `What line ${number} tells is gone, and no line says that it was erased`)
    const { number } = this.#head
    if (!kept) this.#say(number, 'The row with the head of the chain is gone')
    else if (this.#before && this.#before.number > number)
      this.#say(number + 1, `The end was cut off: the last line is ${number}, and there were ${this.#before.number}`)
    else if (kept.number < number || this.#isOther(kept) || this.#isOther(this.#before))
      this.#say(number, `The head that is kept (${headText(kept)}) is not that of the last line, ${number}`)
    for (const [beyond, said] of this.#heads)
      for (const each of beyond === 0 ? [] : said)
        this.#say(
          beyond,
          `The end was cut off, or an older backup was restored: the head ${beyond}:${each.slice(0, 8)}… left this machine, and no line ${beyond} is here`,
        )
    const counts = { lines: this.#lines, erased: this.#erased, erasedEarly: this.#erasedEarly }
    return { faults: this.#faults, ...counts, head: this.#head, provenTo: this.#provenTo }
  }

  /** The last line is the one that this head is of, and its hash is another. */
  #isOther = (head: Head | undefined): boolean => head?.number === this.#head.number && head.hash !== this.#head.hash

  #say(number: number, sentence: string): void {
    this.#firstFault ??= number
    if (this.#faults.length < maxFaults) this.#faults.push(`${sentence}.`)
  }
}

const lineOf = ({ id, number, at, actor, action, target, organisation_id, payload_hash, previous }: Row) => ({
  ...{ id, number, at, actor, action, target, organisationId: organisation_id },
  ...{ payloadHash: payload_hash ?? '', previous: previous ?? '' },
})
