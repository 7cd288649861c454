import { spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { Inventory } from '#shared/domain/inventory.ts'
import { createProbe, type Probe } from '../../../agent/host/probe.ts'
import { createSampler } from '../../../agent/sense/samples.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { MemorySpool, silent } from '../sense/bench-machine.ts'

const isLinux = process.platform === 'linux'
let probe: Probe

beforeAll(() => {
  probe = createProbe({ time: systemTime, log: silent })
})

describe.skipIf(!isLinux)('this machine', () => {
  it('shows its processor, memory and uptime', async () => {
    const { busyTicks, totalTicks } = await probe.processor()
    expect(busyTicks).toBeGreaterThan(0)
    expect(totalTicks).toBeGreaterThan(busyTicks)
    const memory = await probe.memory()
    expect(memory.availableBytes).toBeGreaterThan(0)
    expect(memory.totalBytes).toBeGreaterThan(memory.availableBytes)
    expect(await probe.uptimeSeconds()).toBeGreaterThan(0)
  })

  it('shows its root disk as df does', async () => {
    const root = (await probe.disks()).find((disk) => disk.mount === '/')
    const [, size = '', available = ''] = spawnSync('df', ['-B1', '--output=size,avail', '/'])
      .stdout.toString()
      .trim()
      .split(/\s+/)
      .slice(1)
    expect(root?.totalBytes).toBe(Number(size))
    expect(Math.abs((root?.freeBytes ?? 0) - Number(available))).toBeLessThan(1_073_741_824)
  })

  it('takes a sample that its schema takes, and starts no child process for it', async () => {
    const spool = new MemorySpool()
    const sampler = createSampler(probe, systemTime, spool)
    const started = vi.fn()
    subscribe('child_process', started)
    await sampler.take()
    await sampler.take()
    unsubscribe('child_process', started)
    expect(started).not.toHaveBeenCalled()
    expect(spool.of('samples')).toHaveLength(1)
  })

  it('takes an inventory, with a role and its reasons', async () => {
    const agent = { version: '0.1.0', runtime: 'Node', isolation: { isReady: false }, canaries: [] }
    const inventory = Inventory.parse({ ...(await probe.inventory()), agent })
    expect(inventory.role.reasons).not.toEqual([])
    expect(inventory.hardware.cores).toBeGreaterThan(0)
    expect(await probe.inventory()).toEqual(await probe.inventory())
  })

  it('says what it can’t answer instead of answering nothing', async () => {
    const units = await probe.unitsDown([])
    if (units.kind === 'unsupported') expect(units.reason).toMatch(/systemd/)
    else expect(units.value).toBeInstanceOf(Array)
  })
})

describe('another system', () => {
  it.each(['darwin', 'win32'] as const)('%s names what it lacks', async (system) => {
    const other = createProbe({ time: systemTime, log: silent, system })
    const answers = [
      await other.unitsDown([]),
      await other.networks(),
      await other.memoryStall(),
      await other.followJournal({ onLine: () => undefined, onEnd: () => undefined }),
    ]
    expect(answers.map((answer) => answer.kind)).toEqual(['unsupported', 'unsupported', 'unsupported', 'unsupported'])
    expect((await other.role()).reasons).not.toEqual([])
  })
})
