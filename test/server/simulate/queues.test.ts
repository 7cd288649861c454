import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Priority } from '#shared/domain/priority.ts'
import { createQueues } from '../../../server/simulate/queues.ts'

interface Item {
  id: number
  team: string
  priority: Priority
  isPaging: boolean
  since: number
}

const put = fc.record({
  id: fc.nat(12),
  team: fc.constantFrom('tier1', 'tier2'),
  priority: fc.constantFrom(...Priority.options),
  isPaging: fc.boolean(),
  isRemoved: fc.boolean(),
})

it('gives the most pressing, then whatever has lain longest, whatever was put, moved and taken before', () => {
  fc.assert(
    fc.property(fc.array(put, { maxLength: 60 }), (steps) => {
      const queues = createQueues<{ id: number }>()
      const items = Array.from({ length: 13 }, (_, id) => ({ id }))
      const lying = new Map<number, Item>()
      for (const [now, { id, team, priority, isPaging, isRemoved }] of steps.entries()) {
        const item = items[id] ?? { id }
        const before = lying.get(id)
        if (isRemoved) {
          queues.remove(item)
          lying.delete(id)
        } else {
          queues.put(item, team, priority, isPaging)
          const isSame = before?.team === team && before.priority === priority && before.isPaging === isPaging
          lying.set(id, isSame ? before : { id, team, priority, isPaging, since: now })
        }
        for (const teams of [['tier1'], ['tier1', 'tier2']]) {
          for (const onlyPaging of [false, true])
            expect(queues.next(teams, onlyPaging)?.id).toBe(first([...lying.values()], teams, onlyPaging))
        }
      }
      expect(Object.fromEntries(queues.lengths)).toMatchObject(
        Object.fromEntries([...Map.groupBy(lying.values(), ({ team }) => team)].map(([team, theirs]) => [team, theirs.length])),
      )
    }),
  )
})

function first(lying: readonly Item[], teams: readonly string[], onlyPaging: boolean): number | undefined {
  const theirs = lying.filter((item) => teams.includes(item.team) && (item.isPaging || !onlyPaging))
  return theirs.toSorted((a, b) => a.priority.localeCompare(b.priority) || a.since - b.since)[0]?.id
}
