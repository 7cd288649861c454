import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mustBeGood } from '../../../server/desk/matrices.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { type Rehearsal, rehearse } from '../../../server/rehearsal/rehearsal.ts'
import { loadMatrix } from '../../../server/route/matrix.ts'

/* 200 real incidents, whose priority follows from impact and urgency in every row of their history. */
const data = join(import.meta.dirname, '../../../../shared/data/tickets/incidents-priority-200.csv')
const hasData = existsSync(data)
if (!hasData) console.log('not run here: the incidents of ServiceNow, because ../shared/data is not there')

const file = join(import.meta.dirname, '../../golden/matrix/servicenow.yaml')

describe.skipIf(!hasData)('a matrix written for a ServiceNow desk', () => {
  it('gives every incident the priority it had there, in every row', async () => {
    const rules = readRules(mustBeGood(await loadMatrix(file), file))
    const rows = readRows(readFileSync(data, 'utf8'))
    const differing = rows.filter((row) => priorityOf(rehearsed(rules, row)) !== row.priority)
    expect(differing).toEqual([])
    expect([rows.length, new Set(rows.map(({ number }) => number)).size]).toEqual([1_285, 200])
    expect(new Set(rows.map(({ priority }) => priority))).toEqual(new Set(['P1', 'P2', 'P3', 'P4']))
  })
})

interface Row {
  number: string
  impact: string
  urgency: string
  /** "3 - Moderate" → P3 */
  priority: string
}

/** The file quotes nothing. */
function readRows(csv: string): Row[] {
  const [header = '', ...lines] = csv.trim().split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    const cell = (name: string): string => cells[names.indexOf(name)] ?? ''
    return { number: cell('number'), impact: cell('impact'), urgency: cell('urgency'), priority: `P${cell('priority').charAt(0)}` }
  })
}

const severities: Record<string, 'high' | 'medium' | 'low'> = { '1 - High': 'high', '2 - Medium': 'medium', '3 - Low': 'low' }

function rehearsed(rules: ReturnType<typeof readRules>, { number, impact, urgency }: Row): Rehearsal {
  const severity = severities[urgency] ?? 'low'
  const facts = { impact, urgency }
  const signal = { kind: 'request.incident', severity, state: 'happened', summary: number, facts, ageMs: 0, origin: 'source' } as const
  const scene = {
    signal,
    role: 'workstation',
    plan: 'standard',
    mode: 'live',
    timeZone: 'UTC',
    tags: [],
    organisation: 'A',
    isOver: false,
  } as const
  return rehearse(rules, scene, Date.UTC(2016, 1, 29, 9))
}

const priorityOf = ({ work }: Rehearsal): string | undefined => work?.ticket.priority
