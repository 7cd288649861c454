import type { Kysely } from 'kysely'
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
  head: Head
  /** The highest line that a head from outside proves; null: none did. */
  provenTo: number | null
}

const pageLines = 1_000
export const maxFaults = 20

export async function verifyAudit(db: Kysely<Database>, heads: readonly Head[]): Promise<Verdict> {
  const walk = new Walk(heads)
  for (let last = 0; ; ) {
    const page = await readPage(db, last)
    for (const line of page) walk.take(line)
    last = page.at(-1)?.number ?? last
    if (page.length < pageLines) break
  }
  const kept = await db.selectFrom('audit_heads').select(['number', 'hash']).where('id', '=', 'head').executeTakeFirst()
  const unchained = await db
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('lines'))
    .where('number', 'is', null)
    .executeTakeFirstOrThrow()
  return { ...walk.end(kept), unchained: Number(unchained.lines) }
}

async function readPage(db: Kysely<Database>, after: number) {
  const lines = db.selectFrom('audit').leftJoin('audit_payloads', 'audit_id', 'audit.id').selectAll('audit').select(['salt', 'detail'])
  const rows = await lines.where('number', '>', after).orderBy('number').limit(pageLines).execute()
  return rows.map((row) => ({ ...row, number: row.number ?? 0 }))
}

type Row = Awaited<ReturnType<typeof readPage>>[number]

class Walk {
  readonly #heads: Map<number, Set<string>>
  readonly #faults: string[] = []
  readonly #bare = new Set<number>()
  #head: Head = beginning
  #lines = 0
  #erased = 0
  #provenTo: number | null = null
  #firstFault: number | null = null

  constructor(heads: readonly Head[]) {
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
    if (row.action === 'audit.erase') this.#forgive(row.target)
  }

  #takePayload({ number, salt, detail, payload_hash, action, target }: Row): void {
    if (salt === null || detail === null) this.#bare.add(number)
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

  /** `audit:1-7,9`: their payloads ended, and it was said. */
  #forgive(target: string): void {
    for (const span of target.replace(/^audit:/, '').split(',')) {
      const [from = 0, to = from] = span.split('-').map(Number)
      for (const number of this.#bare) if (number >= from && number <= to) this.#erased += Number(this.#bare.delete(number))
    }
  }

  end(kept: Head | undefined): Omit<Verdict, 'unchained'> {
    for (const number of this.#bare) this.#say(number, `What line ${number} tells is gone, and no line says that it was erased`)
    const { number, hash } = this.#head
    if (!kept) this.#say(number, 'The row with the head of the chain is gone')
    else if (kept.number > number) this.#say(number + 1, `The end was cut off: the last line is ${number}, and there were ${kept.number}`)
    else if (kept.hash !== hash) this.#say(number, `The head that is kept (${headText(kept)}) is not that of the last line, ${number}`)
    for (const [beyond, said] of this.#heads)
      for (const each of beyond === 0 ? [] : said)
        this.#say(
          beyond,
          `The end was cut off, or an older backup was restored: the head ${beyond}:${each.slice(0, 8)}… left this machine, and no line ${beyond} is here`,
        )
    const { faults, lines, erased, provenTo } = { faults: this.#faults, lines: this.#lines, erased: this.#erased, provenTo: this.#provenTo }
    return { faults, lines, erased, head: this.#head, provenTo }
  }

  #say(number: number, sentence: string): void {
    this.#firstFault ??= number
    if (this.#faults.length < maxFaults) this.#faults.push(`${sentence}.`)
  }
}

const lineOf = ({ id, number, at, actor, action, target, organisation_id, payload_hash, previous }: Row) => ({
  ...{ id, number, at, actor, action, target, organisationId: organisation_id },
  ...{ payloadHash: payload_hash ?? '', previous: previous ?? '' },
})
