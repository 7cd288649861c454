import { describe, expect, it } from 'vitest'
import { RuleList, type WatchedRule, WatchedRules } from '#shared/domain/watched-rules.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import type { RecordBody } from '#shared/protocol/record.ts'
import { createRuleReport, listsOf } from '../../../../agent/sense/sigma/report.ts'
import { FakeTime } from '../../../support/fake-time.ts'

const rule = (id: string, digest = 'a'.repeat(32)): WatchedRule => [id, digest, `Title of ${id}`, 'high', 'test']

function room() {
  const told: RecordBody[] = []
  const time = new FakeTime()
  return { told, time, report: createRuleReport(time, { append: async (_, body) => told.push(body) }) }
}

describe('which rules are watched', () => {
  it('is told by the names of lists, each list once, and again when a rule is another', async () => {
    const { told, report } = room()
    await report.look([rule('b'), rule('a')])
    expect(told).toEqual([])
    report.setTaken(true)
    await report.look([rule('b'), rule('a')])
    await report.look([rule('a'), rule('b')])
    expect(told.map(({ type }) => type)).toEqual(['rule-list', 'watched-rules'])
    await report.look([rule('a'), rule('b', 'b'.repeat(32))])
    await report.look([rule('a'), rule('b')])
    expect(told.map(({ type }) => type)).toEqual([...Array(2).fill(['rule-list', 'watched-rules']).flat(), 'watched-rules'])
    await report.look([])
    expect(told.at(-1)).toMatchObject({ watched: { lists: [] } })
  })

  it('fits a record each, and says how many are left out', () => {
    const many = Array.from({ length: 7_000 }, (_, index) => rule(`${String(index).padStart(5, '0')}${'x'.repeat(60)}`))
    const { lists, leftOut } = listsOf(many)
    expect(lists).toHaveLength(5)
    for (const list of lists) expect(JSON.stringify(RuleList.parse(list)).length).toBeLessThan(maxRecordBytes)
    expect(lists.reduce((sum, { rules }) => sum + rules.length, 0) + leftOut).toBe(7_000)
    expect(leftOut).toBeGreaterThan(0)
    expect(WatchedRules.parse({ since: 1, lists: lists.map(({ digest }) => digest), leftOut })).toMatchObject({ leftOut })
  })
})
