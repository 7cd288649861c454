import { expect, it } from 'vitest'
import { Marks } from '../../../server/measure/marks.ts'
import { keyOf } from '../../../server/measure/slots.ts'

const mark = (at: number, dueAt = at + 360_000) => ({ endpoint_id: 'endpoint-1', step_ms: 300_000, at, due_at: dueAt })
const wanted = (...marks: ReturnType<typeof mark>[]) => new Map(marks.map((each) => [keyOf(each), each]))

it('writes a mark until it is committed, and not again while it stands', () => {
  const marks = new Marks()
  expect(marks.missing(wanted(mark(0)))).toHaveLength(1)
  expect(marks.missing(wanted(mark(0)))).toHaveLength(1)
  marks.committed()
  expect(marks.missing(wanted(mark(0), mark(300_000)))).toEqual([mark(300_000)])
  expect(marks.missing(wanted(mark(0, 420_000)))).toHaveLength(1)
})

it('writes it again once it has ended, also when the clock was set back meanwhile and it is due at the same instant', () => {
  const marks = new Marks()
  marks.missing(wanted(mark(0), mark(300_000)))
  marks.committed()
  marks.end([mark(0)])
  expect(marks.missing(wanted(mark(0), mark(300_000)))).toEqual([mark(0)])
})
