import { isIP } from 'node:net'
import { z } from 'zod'
import { days, hours } from '#shared/domain/time.ts'
import { isOutside } from './address.ts'
import { BoundedMap } from './bounded-map.ts'

/** What was learnt of people over weeks; kept over restarts, bounded, because names and addresses are anybody's to choose. */
export const Habits = z.object({
  since: z.number(),
  people: z
    .array(
      z.tuple([z.string().max(100), z.object({ sources: z.array(z.string().max(64)).max(20), hours: z.array(z.number()).length(24) })]),
    )
    .max(100),
})
export type Habits = z.infer<typeof Habits>

export interface Unusual {
  isNewSource: boolean
  isStrangeHour: boolean
  knownSources: number
}

export const learnsFor = days(14)
const maxPeople = 100
const maxSources = 20
/** Of fewer sign-ins nobody can say what hours are usual. */
const leastSignIns = 20

/**
 * From where and at what hour people sign in. Hours are UTC's: a person's day moves by one when the clocks change, and an hour beside a
 * usual one is usual.
 */
export class LogonHabits {
  readonly #since: number
  readonly #people = new BoundedMap<Habits['people'][number][1]>(maxPeople)

  constructor(known: Habits | undefined, now: number) {
    this.#since = Math.min(known?.since ?? now, now)
    for (const [name, habit] of known?.people ?? []) this.#people.touch(name, () => habit)
  }

  /** Learns one sign-in. Answers what is unusual in it; undefined: nothing, or it is too early to say. @param now epoch ms */
  note(userName: string, source: string, now: number): Unusual | undefined {
    const habit = this.#people.touch(userName.slice(0, 100), () => ({ sources: [], hours: new Array<number>(24).fill(0) }))
    const from = networkOf(source)
    const hour = Math.floor(now / hours(1)) % 24
    const unusual = {
      isNewSource: !habit.sources.includes(from),
      isStrangeHour: isStrange(habit.hours, hour),
      knownSources: habit.sources.length,
    }
    habit.sources = [...habit.sources.filter((known) => known !== from), from].slice(-maxSources)
    habit.hours[hour] = (habit.hours[hour] ?? 0) + 1
    return now - this.#since >= learnsFor && (unusual.isNewSource || unusual.isStrangeHour) ? unusual : undefined
  }

  kept(): Habits {
    return { since: this.#since, people: this.#people.entries() }
  }
}

function isStrange(byHour: readonly number[], hour: number): boolean {
  if (byHour.reduce((sum, count) => sum + count, 0) < leastSignIns) return false
  return [23, 0, 1].every((beside) => (byHour[(hour + beside) % 24] ?? 0) === 0)
}

/** Providers give one customer many addresses of one network; inside, an address is a machine. */
function networkOf(source: string): string {
  if (!isOutside(source)) return source.slice(0, 64)
  if (isIP(source) === 4) return `${source.split('.').slice(0, 3).join('.')}.0/24`
  return isIP(source) === 6 ? `${source.split(':').slice(0, 3).join(':')}::/48` : source.slice(0, 64)
}
