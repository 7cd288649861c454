import { Counting } from './counting.ts'
import { isFor, keyOf, type LogSource, type Origin } from './logsource.ts'
import type { SigmaEvent } from './normalise.ts'
import type { RuleSet } from './read-rules.ts'
import type { About, Rule } from './rule.ts'
import { RuleIndex } from './rule-index.ts'

/*
 * Runs Sigma rules on events. Enters: rules as `read-rules` compiled them, and events as `normalise` made them. Leaves: hits, in
 * the order of events. Promises: an event is asked only by rules of its log source whose gate it opens, so thousands of rules cost what
 * the few cost that could fit; memory of correlations is bounded; nothing here waits, reads a clock, or goes on for longer than event times
 * rule. On failure: a rule that can't be honoured never comes here; it is in the list of those that were refused. Threat: rules and events
 * are both written by others; neither is ever run, and no expression goes on for ever.
 */
export interface SigmaEngine {
  /** @param now epoch ms, for events that don't say when they happened. */
  judge(event: SigmaEvent, now: number): readonly SigmaHit[]
}

export interface SigmaHit {
  about: About
  /** Of a correlation: the fields it grouped by, and their values. */
  group: Readonly<Record<string, string>> | undefined
}

/** Log sources of events that are remembered; there are some dozens in a machine's life. */
const maxKnownOrigins = 1_000

export function createSigmaEngine({ rules, correlations }: Pick<RuleSet, 'rules' | 'correlations'>): SigmaEngine {
  const indexes = filed(rules)
  const countings = correlations.map((correlation) => new Counting(correlation))
  const countedBy = countingsOf(rules, countings)
  const silent = new Set([...countedBy].filter(([, by]) => by.every(({ correlation }) => !correlation.generatesHits)).map(([rule]) => rule))
  const known = new Map<string, readonly RuleIndex[]>()

  function indexesFor(origin: Origin): readonly RuleIndex[] {
    const key = keyOf(origin)
    const found = known.get(key) ?? indexes.filter(({ source }) => isFor(source, origin)).map(({ index }) => index)
    if (known.size >= maxKnownOrigins) known.clear()
    known.set(key, found)
    return found
  }

  return {
    judge(event, now) {
      const candidates = new Set<Rule>()
      for (const index of indexesFor(event.origin)) index.candidates(event.view, candidates)
      const hits: SigmaHit[] = []
      for (const rule of candidates) {
        if (!rule.node.holds(event.view)) continue
        if (!silent.has(rule)) hits.push({ about: rule, group: undefined })
        for (const counting of countedBy.get(rule) ?? []) {
          const group = counting.add(rule, event.view, event.at ?? now)
          if (group) hits.push({ about: counting.correlation, group })
        }
      }
      return hits
    },
  }
}

function filed(rules: readonly Rule[]): { source: LogSource; index: RuleIndex }[] {
  const bySource = new Map<string, { source: LogSource; index: RuleIndex }>()
  for (const rule of rules) {
    const { product, category, service } = rule.source
    const key = `${product}|${category}|${service}`
    const filed = bySource.get(key) ?? { source: rule.source, index: new RuleIndex() }
    filed.index.add(rule)
    bySource.set(key, filed)
  }
  return [...bySource.values()]
}

function countingsOf(rules: readonly Rule[], countings: readonly Counting[]): ReadonlyMap<Rule, readonly Counting[]> {
  const counted = rules.map((rule): [Rule, Counting[]] => [
    rule,
    countings.filter(({ correlation }) => correlation.rules.some((name) => name === rule.id || name === rule.name)),
  ])
  return new Map(counted.filter(([, by]) => by.length > 0))
}
