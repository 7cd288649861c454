import { z } from 'zod'
import { Language } from '#shared/domain/language.ts'
import type { Said } from './notifier.ts'

/*
 * What the outbox holds → what people read. The bodies are ours, but an older version may have written them: what is
 * missing there is left out of the text, and never keeps it from being sent.
 */

const text = z.string().catch('')
const instant = z.number().nullable().catch(null)
const Body = z.object({
  ticket: z
    .object({
      ...{ number: z.number().catch(0), title: text, priority: text, team: text, tier: text, status: text, owner: text },
      ...{ respondBy: instant, resolveBy: instant, respondedAt: instant },
    })
    .optional()
    .catch(undefined),
  organisation: z
    .object({ name: text, timeZone: z.string().catch('UTC'), language: Language.catch('en') })
    .catch({ name: '', timeZone: 'UTC', language: 'en' }),
  /** Of the one who is told, where it is known. */
  language: Language.nullable().catch(null),
  timeZone: z.string().nullable().catch(null),
  endpoint: z.object({ hostname: text }).nullable().catch(null),
  isPaging: z.boolean().catch(false),
  entry: z.object({ body: z.record(z.string(), z.unknown()).catch({}) }).catch({ body: {} }),
  /** Of a page: whom it was for, which step of the ladder. */
  to: text,
  why: text,
  team: text,
  count: z.number().catch(0),
  lines: z.array(z.object({ summary: text })).catch([]),
})

/** What a text is made of. */
export type Told = z.output<typeof Body> & { event: string }

/** One way to speak to people outside of the console: to our own, or to customers in their language. */
export interface Words {
  title(told: Told): string
  /** What happened; who has it, in which tier; the next step; until when. */
  lines(told: Told): string[]
  bundle(count: number, priority: string, newest: string): string
  digest(count: number): string
  more(count: number): string
}

export interface Waiting {
  event: string
  ticketId: string | null
  body: string
}

export const read = ({ event, body }: Pick<Waiting, 'event' | 'body'>): Told => ({ ...Body.parse(JSON.parse(body)), event })

/** @param base the console's address; a ticket's page asks to sign in first and then leads back. */
export function say(words: Words, waiting: Waiting, base: string | undefined): Said {
  const told = read(waiting)
  return { title: oneLine(words.title(told)), lines: words.lines(told), link: linkTo(waiting, base) }
}

const linkTo = ({ ticketId }: Pick<Waiting, 'ticketId'>, base: string | undefined): string | null =>
  base === undefined ? null : ticketId === null ? base : `${base.replace(/\/$/, '')}/tickets/${ticketId}`

/** A title goes into headers and on small screens; a machine's text may hold anything. */
const oneLine = (title: string): string =>
  title
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200)

/** So many are named one by one; the rest is counted. */
const maxNamed = 20

/** Several in one, the newest first: "7 P1, newest: …". */
export function sayTogether(words: Words, waiting: readonly Waiting[], base: string | undefined, how: 'bundle' | 'digest'): Said {
  const together = how === 'bundle' ? byTicket(waiting) : waiting
  const [newest, ...others] = together.toReversed()
  if (!newest) return { title: '', lines: [], link: null }
  if (others.length === 0) return say(words, newest, base)
  const said = say(words, newest, base)
  const priority = together.map((each) => read(each).ticket?.priority ?? '').toSorted()[0] ?? ''
  const title = how === 'bundle' ? words.bundle(together.length, priority, said.title) : words.digest(together.length)
  const named = [newest, ...others].slice(0, maxNamed).map((each) => words.title(read(each)))
  const left = together.length - named.length
  const link = how === 'bundle' ? said.link : linkTo({ ticketId: null }, base)
  return { title: oneLine(title), lines: [...named, ...(left > 0 ? [words.more(left)] : [])], link }
}

/** Each ticket once, as it was said last; the one that opened last at the end. */
const byTicket = (waiting: readonly Waiting[]): Waiting[] =>
  [...new Map(waiting.map((each) => [each.ticketId, each])).values()].toSorted(
    (a, b) => (read(a).ticket?.number ?? 0) - (read(b).ticket?.number ?? 0),
  )
