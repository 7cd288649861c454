import type { Language } from '#shared/domain/language.ts'
import type { Told, Words } from './said.ts'
import { de } from './words/customers/de.ts'
import { en } from './words/customers/en.ts'

/** One language, as its file gives it. Text of people and machines is only ever quoted in it. */
export interface CustomerWords {
  locale: string
  hello(name: string): string
  /** A title for each event of theirs; what isn't here is told to contacts. */
  yours(number: number, title: string): string
  events: Record<string, (told: Told, when: (at: number) => string) => string[]>
  tiers: Record<string, string>
  /** Who has it, in which tier. */
  has(owner: string, tier: string): string
  waitsInQueue(tier: string): string
  next: Record<'taken' | 'looks' | 'works' | 'waits' | 'over', string>
  /** Until when a person is heard of, and until when it ends. */
  answerBy(when: string): string
  solvedBy(when: string): string
  howToAnswer: string
  several(count: number): string
  more(count: number): string
}

const languages: Record<Language, CustomerWords> = { de, en }

/** @param canAnswer somebody reads what is answered to our mails. */
export const customerWords = ({ canAnswer }: { canAnswer: boolean }): Record<Language, Words> => ({
  de: speak(languages.de, canAnswer),
  en: speak(languages.en, canAnswer),
})

function speak(words: CustomerWords, canAnswer: boolean): Words {
  const title = ({ event, ticket, endpoint }: Told): string => {
    if (!ticket) return ''
    if (isTheirs(event)) return words.yours(ticket.number, ticket.title)
    return `${ticket.priority} #${ticket.number} ${ticket.title}${endpoint ? ` (${endpoint.hostname})` : ''}`
  }
  return {
    title,
    lines(told) {
      const when = instantIn(words.locale, told.timeZone ?? told.organisation.timeZone)
      const happened = words.events[told.event]?.(told, when) ?? []
      const stands = told.ticket ? standing(words, told, when) : []
      const answer = canAnswer && isTheirs(told.event) ? ['', words.howToAnswer] : []
      return [...(told.to === '' ? [] : [words.hello(told.to), '']), ...happened, ...stands, ...answer]
    },
    bundle: (count, _, newest) => `${words.several(count)}: ${newest}`,
    digest: words.several,
    more: words.more,
  }
}

const isTheirs = (event: string): boolean => event.startsWith('request.')

/** Who has it, in which tier; the next step; until when. Of one that is over nothing of it holds any more. */
function standing(words: CustomerWords, { ticket, event }: Told, when: (at: number) => string): string[] {
  if (!ticket) return []
  if (ticket.status === 'resolved') return isTheirs(event) ? [words.next.over] : []
  const tier = words.tiers[ticket.tier] ?? ticket.tier
  const who = ticket.owner === '' ? words.waitsInQueue(tier) : words.has(ticket.owner, tier)
  const { owner, status, respondedAt, respondBy, resolveBy } = ticket
  if (status === 'waiting') return [who, words.next.waits]
  const next = status === 'acknowledged' ? words.next.works : owner === '' ? words.next.taken : words.next.looks
  const isAnswerOwed = respondedAt === null && respondBy !== null
  const until = isAnswerOwed ? [words.answerBy(when(respondBy))] : resolveBy === null ? [] : [words.solvedBy(when(resolveBy))]
  return [who, next, ...until]
}

const format = { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const

const instantIn =
  (locale: string, timeZone: string) =>
  (at: number): string =>
    new Intl.DateTimeFormat(locale, { ...format, timeZone }).format(new Date(at))
