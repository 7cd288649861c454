import { v7 } from 'uuid'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import type { Software } from '#shared/domain/software.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import { rawSignal } from '../support/raw-agent.ts'

/** One record of each type as an honest agent sends it: what the fuzz mutates. */
export function realBodies(): [Lane, RecordBody][] {
  const signal = rawSignal({ facts: { usedRatio: 0.97, mounts: ['/var', '/srv'] }, evidence: [{ name: 'df', text: '/dev/sda1 97%' }] })
  const { state: _state, ...standing } = signal
  const secret = rawSignal({ kind: 'security.logon.brute-force', severity: 'high', fingerprint: 'brute-force:192.0.2.1' })
  return [
    ['signals', { v: 1, type: 'signal', signal }],
    ['security', { v: 1, type: 'signal', signal: secret }],
    ['signals', { v: 1, type: 'standing', signals: [standing] }],
    ['security', result()],
    ['inventory', { v: 1, type: 'inventory', at: Date.now(), inventory }],
    ['inventory', { v: 1, type: 'software', at: Date.now(), software }],
    ['inventory', { v: 1, type: 'rule-list', list: { digest, rules: [['6a1f', digest, 'A shell is tied to a network', 'high', 'test']] } }],
    ['inventory', { v: 1, type: 'watched-rules', at: Date.now(), watched: { since: Date.now(), lists: [digest], leftOut: 0 } }],
    ['samples', { v: 1, type: 'samples', samples: [sample(0), sample(1)] }],
    ...columnsOf([sample(1), sample(0)]).map((samples): [Lane, RecordBody] => ['samples', { v: 1, type: 'sample-columns', samples }]),
  ]
}

const result = (): RecordBody => ({
  ...{ v: 1, type: 'result', commandId: v7(), verb: 'isolate-host', outcome: 'failed' },
  ...{ startedAt: Date.now(), finishedAt: Date.now(), detail: 'nft is missing', output: { code: 127 } },
})

const sample = (index: number): Sample => ({
  at: Date.now() - index * 10_000,
  processor: { busyRatio: 0.4, load1: 1, load5: 0.8, load15: 0.5 },
  memory: { totalBytes: 8e9, availableBytes: 2e9, swapTotalBytes: 2e9, swapUsedBytes: 0 },
  disks: [{ mount: '/', totalBytes: 1e11, freeBytes: 4e10, usedRatio: 0.6 }],
  networks: [{ name: 'eth0', receivedBytesPerSecond: 1_000, sentBytesPerSecond: 900, errorsPerSecond: 0 }],
  uptimeSeconds: 4_000,
})

const digest = 'd1'.repeat(16)

const software: Software = {
  sources: [
    {
      source: 'dpkg',
      packages: [
        ['bash', '5.2.15-2'],
        ['openssl', '3.0.17-1'],
      ],
    },
  ],
  leftOut: 0,
}

const inventory: Inventory = {
  ...{ hostname: 'fuzz-1', platform: 'linux' },
  system: { name: 'Debian', version: '12', kernel: '6.1', architecture: 'x64' },
  hardware: {
    ...{ manufacturer: 'Acme', model: 'One', serial: '1', chassis: 'desktop', processor: 'A processor' },
    ...{ cores: 4, memoryBytes: 8e9, isVirtual: false },
  },
  disks: [{ device: '/dev/sda1', mount: '/', type: 'ext4', totalBytes: 1e11 }],
  interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.9'] }],
  role: { role: 'workstation', reasons: ['it has a desktop'] },
  agent: { version: '0.1.0', runtime: 'node', isolation: { isReady: false, reason: 'a fuzz' }, canaries: [] },
}
