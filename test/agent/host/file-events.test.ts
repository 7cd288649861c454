import { expect, it } from 'vitest'
import { parseFileEvent } from '../../../agent/host/file-events.ts'
import { clientOf } from '../../../agent/sense/encryption/shares.ts'

it.each([
  [
    '1795376587.991483 openssl(8455): CW  /srv/a b.enc',
    { pid: 8455, name: 'openssl', what: 'written', path: '/srv/a b.enc', at: 1795376587991 },
  ],
  ['1795376587.995536 rm(8456): D   /srv', { pid: 8456, what: 'deleted', path: '/srv' }],
  ['1795376588.062686 unknown(8459): <>  /srv', { pid: 8459, what: 'moved' }],
  ['1795376588.062686 cat(8459): C   /srv/a.txt', { what: 'read' }],
  ['1795376588.062686 b(77): CW  /a(8455): C   /srv/a.txt', { pid: 8455, name: 'b(77): CW  /a', what: 'read' }],
  ['1795376588.062686 a(b)c(1): (9): CWO /srv/(1): CW  /x', { pid: 9, path: '/srv/(1): CW  /x' }],
])('%s', (line, event) => expect(parseFileEvent(line)).toMatchObject(event))

it.each(['', 'x', '1795376588.062686', '1795376588.062686 cat(x): C /a', 'y.txt', ' (1): CW  /x', '1 ((((((((((((((((((((((('])(
  'is silent on %j',
  (line) => expect(parseFileEvent(line)).toBeUndefined(),
)

it('names the client of a share by its own process', () => {
  const status = `
Samba version 4.17.12-Debian
PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing
----------------------------------------------------------------------------------------------------------------------------------------
2137    anna         users        192.0.2.7 (ipv4:192.0.2.7:50512)          SMB3_11           -                    partial(AES-128-CMAC)
2139    ben          users        pc-9 (ipv6:[2001:db8::7]:50513)           SMB3_11           -                    partial(AES-128-CMAC)
`
  expect(clientOf(status, 2137)).toEqual({ userName: 'anna', address: '192.0.2.7' })
  expect(clientOf(status, 2139)).toEqual({ userName: 'ben', address: '2001:db8::7' })
  expect(clientOf(status, 1)).toBeUndefined()
})
