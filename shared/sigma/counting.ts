import type { Correlation } from './correlation.ts'
import type { EventView } from './event.ts'
import type { Rule } from './rule.ts'

/** How many groups, and hits of a group, one correlation remembers; who makes up users or addresses must not fill the memory. */
const maxGroups = 10_000
const maxHitsInGroup = 10_000

interface Hit {
  at: number
  /** What is told apart, for `value_count`. */
  value: string
}

/** Counts the hits of its rules. A group that reaches its condition is forgotten, and counted anew: one storm is one hit. */
export class Counting {
  readonly correlation: Correlation
  readonly #groups = new Map<string, Hit[]>()
  #forgotten = 0

  constructor(correlation: Correlation) {
    this.correlation = correlation
  }

  /** Groups that were forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** @returns the values of the group's fields when this hit reaches the condition. */
  add(rule: Rule, view: EventView, at: number): Readonly<Record<string, string>> | undefined {
    const { groupBy, distinctOf, window, type } = this.correlation
    const group = groupBy.map((field) => this.#distinctOf(field, rule, view))
    const value = distinctOf.map((field) => this.#distinctOf(field, rule, view)).join('\0')
    // A value that isn't there is none.
    if (type === 'value_count' && value.replaceAll('\0', '') === '') return undefined
    const key = JSON.stringify(group)
    const hits = (this.#groups.get(key) ?? []).filter((hit) => hit.at > at - window.lengthMs && hit.at <= at + window.lengthMs)
    hits.push({ at, value })
    if (hits.length > maxHitsInGroup) hits.shift()
    if (this.correlation.isReached(type === 'event_count' ? hits.length : new Set(hits.map((hit) => hit.value)).size)) {
      this.#groups.delete(key)
      return Object.fromEntries(groupBy.map((field, index) => [field, group[index] ?? '']))
    }
    this.#remember(key, hits)
    return undefined
  }

  #distinctOf(field: string, rule: Rule, view: EventView): string {
    const alias = this.correlation.aliases.get(field)
    const own = alias?.get(rule.name ?? rule.id) ?? alias?.get(rule.id) ?? field
    return view.values(own)[0]?.folded ?? ''
  }

  /** The group that was counted longest ago is forgotten first. */
  #remember(key: string, hits: Hit[]): void {
    this.#groups.delete(key)
    this.#groups.set(key, hits)
    if (this.#groups.size <= maxGroups) return
    const [oldest] = this.#groups.keys()
    if (oldest !== undefined) this.#groups.delete(oldest)
    this.#forgotten += 1
  }
}
