import { expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import type { Contain } from '../../../server/route/sections/containment.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

/*
 * How the design's table of kinds contains, halts and pages, row by row: workstation / server / core. ⏸ holds for the whole
 * row (its golden cases 2 and 3 halt on servers and on core machines).
 */
const matrix = await defaultMatrix()
const rows: [row: number, route: string, contain: string, page: string][] = [
  [1, 'canary-unreadable', 'auto / ask 3m→isolate / ask→leave ⏸', 'yes'],
  [2, 'canary-edited', 'ask→leave', 'yes'],
  [3, 'canary-moved', 'ask→leave', 'no'],
  [4, 'encryption', 'auto / ask 3m→isolate / ask→leave ⏸', 'yes'],
  [4, 'encryption-through-a-share', 'never', 'yes'],
  // Another machine's word: the client is asked about before it is cut off.
  [4, 'encrypts-through-a-share', 'ask 3m→isolate / ask 3m→isolate / ask→leave', 'yes'],
  [5, 'backups-destroyed', 'ask→leave', 'yes'],
  [7, 'malware-active', 'ask 10m→isolate / ask→leave / ask→leave ⏸', 'yes'],
  [8, 'logon-after-failures', 'ask→leave', 'yes'],
  [9, 'bruteforce-from-outside', 'never', 'no'],
  [10, 'bruteforce-from-inside', 'never', 'yes'],
  [10, 'logons-from-here', 'ask→leave', 'yes'],
  [12, 'admin-added', 'never / never / ask→leave', 'core'],
  [13, 'persistence-dangerous', 'ask→leave', 'servers'],
  [15, 'defence-down', 'never / ask→leave / ask→leave', 'servers'],
  [16, 'agent-tampered', 'ask→leave', 'servers'],
  [17, 'command-forged', 'never', 'yes'],
  [19, 'identity-duplicate', 'never', 'no'],
  [20, 'isolation-failed', 'never', 'yes'],
  [21, 'scan-or-bad-destination', 'ask→leave', 'servers'],
  [22, 'spoof', 'never', 'no'],
  [24, 'user-reported', 'ask→leave', 'yes'],
  [25, 'security-critical', 'ask→leave', 'P1'],
  [25, 'security-high', 'ask→leave', 'P1'],
  [25, 'security-medium', 'ask→leave', 'P1'],
  [26, 'silent', 'never', 'plan'],
  [27, 'site-silent', 'never', 'plan'],
  [28, 'disk-full', 'never', 'no'],
  [29, 'disk-nearly-out', 'never', 'plan'],
  [30, 'disk-failing', 'never', 'plan'],
  [31, 'pressure', 'never', 'no'],
  [32, 'service-down', 'never', 'plan'],
  [33, 'clock-or-certificate', 'never', 'no'],
  [34, 'backup-late', 'never', 'no'],
  [35, 'crash', 'never', 'no'],
  [39, 'request', 'never', 'no'],
]

it.each(rows)('row %i (%s): %s, pages: %s', (_row, name, contain, page) => {
  const route = matrix.routeNamed(name)
  expect(route?.page).toBe(page)
  expect(route?.suspend).toBe(contain.includes('⏸'))
  const cells = contain.replace(' ⏸', '').split(' / ')
  const [workstation = '', server = workstation, core = server] = cells
  expect(route?.contain).toEqual({ workstation: read(workstation), server: read(server), core: read(core) })
})

function read(cell: string): Contain {
  const asked = /^ask(?: (\d+)m)?→(isolate|leave)$/.exec(cell)
  if (!asked) return { kind: cell === 'auto' ? 'auto' : 'never' }
  return {
    kind: 'ask',
    waitMs: asked[1] === undefined ? null : minutes(Number(asked[1])),
    otherwise: asked[2] === 'isolate' ? 'isolate' : 'leave',
  }
}
