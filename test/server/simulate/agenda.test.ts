import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAgenda } from '../../../server/simulate/agenda.ts'

it('does everything in the order of its instants, and within one as it was planned', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (first, later) => {
      const agenda = createAgenda(0)
      const done: [number, number][] = []
      first.forEach((at, index) => {
        agenda.plan(at, () => {
          done.push([agenda.now, index])
          const more = later[index]
          if (more !== undefined) agenda.plan(agenda.now + more, () => done.push([agenda.now, first.length + index]))
        })
      })
      agenda.playUntil(1_000, () => undefined)
      const expected = [
        ...first.map((at, index): [number, number] => [at, index]),
        ...first.flatMap((at, index): [number, number][] => {
          const more = later[index]
          return more === undefined ? [] : [[at + more, first.length + index]]
        }),
      ]
      expect(done.map(([at]) => at)).toEqual(expected.map(([at]) => at).toSorted((a, b) => a - b))
      expect(done.toSorted(byBoth)).toEqual(expected.toSorted(byBoth))
      const planned = done.filter(([, index]) => index < first.length)
      expect(planned).toEqual(planned.toSorted(byBoth))
    }),
  )
})

const byBoth = ([a, i]: [number, number], [b, j]: [number, number]): number => a - b || i - j

it('leaves alone what comes after its end, and never goes back', () => {
  const agenda = createAgenda(100)
  const done: number[] = []
  const steps: number[] = []
  agenda.plan(50, () => done.push(agenda.now))
  agenda.plan(200, () => done.push(agenda.now))
  agenda.plan(300, () => done.push(agenda.now))
  agenda.playUntil(300, (now) => steps.push(now))
  expect([done, steps, agenda.now]).toEqual([[100, 200], [200, 300], 300])
})
