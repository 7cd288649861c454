import type { Time } from '#shared/domain/time.ts'
import { maxLists, maxRulesInList, type RuleList, type WatchedRule } from '#shared/domain/watched-rules.ts'
import type { Spool } from '../../spool/spool.ts'
import { digestOf } from './load.ts'

/*
 * Which rules this machine watches. Enters: the rules that its events are asked by. Leaves: in the lane of the inventory the names of their
 * lists when those changed, and before them each list that this process has not told yet. Promises: the same rules have the same names on
 * every machine. Threat: a folder with a million rules: so many are told, and what is left out is counted.
 */
export interface RuleReport {
  look(rules: readonly WatchedRule[]): Promise<void>
  /** Whether the collector of this connection takes it. */
  setTaken(isTaken: boolean): void
}

/** Of a list's text: it fits a frame with room to spare. */
const maxChars = 200_000

export function createRuleReport(time: Time, spool: Pick<Spool, 'append'>): RuleReport {
  let isTaken = false
  let told = '[]'
  const toldLists = new Set<string>()
  return {
    setTaken(takes) {
      isTaken = takes
    },
    async look(rules) {
      if (!isTaken) return
      const { lists, leftOut } = listsOf(rules)
      const names = lists.map(({ digest }) => digest)
      if (JSON.stringify(names) === told) return
      for (const list of lists.filter(({ digest }) => !toldLists.has(digest))) {
        await spool.append('inventory', { v: 1, type: 'rule-list', list })
        toldLists.add(list.digest)
      }
      const at = Math.floor(time.now())
      await spool.append('inventory', { v: 1, type: 'watched-rules', at, watched: { since: at, lists: names, leftOut } })
      told = JSON.stringify(names)
    },
  }
}

/** In the order of ids, so that the order of files makes no other list. */
export function listsOf(rules: readonly WatchedRule[]): { lists: RuleList[]; leftOut: number } {
  const ordered = rules.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const lists: WatchedRule[][] = []
  let room = 0
  for (const rule of ordered) {
    const length = JSON.stringify(rule).length + 1
    if (room < length || lists.at(-1)?.length === maxRulesInList) {
      lists.push([])
      room = maxChars
    }
    lists.at(-1)?.push(rule)
    room -= length
  }
  const kept = lists.slice(0, maxLists)
  const leftOut = rules.length - kept.reduce((sum, list) => sum + list.length, 0)
  return { lists: kept.map((list) => ({ digest: digestOf(JSON.stringify(list)), rules: list })), leftOut }
}
