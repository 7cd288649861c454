import { expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import type { Socket } from '../../../../agent/sense/network/sockets.ts'
import { KeptVisitors, Visitors } from '../../../../agent/sense/network/visitors.ts'

const workstation = { role: 'workstation' as const, reasons: ['its chassis is a portable'] }
const listening = (port: number, userId = 0): Socket => ({
  ...{ local: { address: '0.0.0.0', port }, remote: { address: '0.0.0.0', port: 0 }, state: 'listening', userId, inode: '1' },
})
const from = (address: string, port: number): Socket => ({
  ...{ local: { address: '10.0.0.1', port }, remote: { address, port: 50_000 }, state: 'open', userId: 0, inode: '2' },
})
const three = (port: number) => ['10.0.0.7', '10.0.0.8', '10.0.0.9'].map((address) => from(address, port))

it('of three machines make a server of a workstation for a week, and of nothing else', () => {
  const visitors = new Visitors()
  visitors.note([listening(445), from('10.0.0.7', 445), from('10.0.0.8', 445)], 0)
  visitors.note([listening(445), from('10.0.0.7', 445)], hours(1))
  expect(visitors.judge(workstation, hours(1))).toEqual(workstation)
  visitors.note([listening(445), from('10.0.0.9', 445)], hours(2))
  expect(visitors.judge(workstation, hours(2))).toEqual({
    role: 'server',
    reasons: ['3 or more other machines used files of it within 7 days', ...workstation.reasons],
  })
  expect(visitors.judge({ role: 'core', reasons: [] }, hours(2)).role).toBe('core')
  expect(visitors.judge(workstation, days(8)).role).toBe('workstation')
})

it.each<[string, Socket[]]>([
  ['of a port that a person’s own program listens at', [listening(8_080, 1_000), ...three(8_080)]],
  ['of a service that nobody leans on', [listening(22), ...three(22)]],
  ['of what this machine itself asked', three(443)],
  ['of its own', [listening(80), ...['127.0.0.1', '::1', '10.0.0.1'].map((address) => from(address, 80))]],
])('%s do not count', (_, sockets) => {
  const visitors = new Visitors()
  visitors.note(sockets, 0)
  expect(visitors.judge(workstation, 0)).toEqual(workstation)
})

it('are kept over restarts, written when one is new and else seldom, and bounded', () => {
  const visitors = new Visitors()
  const kept = visitors.note([listening(80), ...three(80)], 0)
  expect(visitors.note([listening(80), ...three(80)], hours(1))).toBeUndefined()
  const again = new Visitors()
  again.remember(KeptVisitors.parse(kept))
  expect(again.judge(workstation, 0).role).toBe('server')
  const crowd = Array.from({ length: 500 }, (_, number) => from(`10.1.${number >> 8}.${number & 255}`, 80))
  expect(visitors.note([listening(80), ...crowd], hours(2))).toHaveLength(200)
})
