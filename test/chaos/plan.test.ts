import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { allFaults } from './faults.ts'
import { type PlanOrder, planFaults } from './plan.ts'

const faults = await allFaults()
const targets = { collector: ['collector'], agent: ['a1', 'a2'], way: ['a1', 'a2', 'r1', 's1'], swarm: ['s1'] }
const order: PlanOrder = { seed: 7, forMs: seconds(600), everyMs: seconds(4), longestMs: seconds(60), targets, faults }

it('plans the same for the same seed, and something else for another', () => {
  expect(planFaults(order)).toEqual(planFaults(order))
  expect(planFaults(order)).not.toEqual(planFaults({ ...order, seed: 8 }))
})

it('plans every kind of fault, and nothing beyond the end', () => {
  const plan = [7, 8, 9].flatMap((seed) => planFaults({ ...order, seed }))
  expect([...faults.keys()].filter((name) => !plan.some(({ fault }) => fault === name))).toEqual([])
  expect(plan.every(({ atMs, forMs }) => atMs + forMs <= order.forMs && forMs <= order.longestMs)).toBe(true)
})

it('leaves out what would befall nobody', () => {
  const plan = planFaults({ ...order, targets: { ...targets, swarm: [] } })
  expect(plan.filter(({ fault }) => faults.get(fault)?.befalls === 'swarm')).toEqual([])
})

it('lets two faults of one target and facet never overlap', () => {
  const plan = planFaults(order)
  const facetOf = (name: string) => faults.get(name)?.facet
  const overlapping = plan.filter((one, index) =>
    plan
      .slice(index + 1)
      .some((other) => other.target === one.target && facetOf(other.fault) === facetOf(one.fault) && other.atMs < one.atMs + one.forMs),
  )
  expect(overlapping).toEqual([])
})
