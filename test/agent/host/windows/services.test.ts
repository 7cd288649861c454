import { describe, expect, it } from 'vitest'
import { windowsProbe } from '../../../../agent/host/platforms/windows.ts'
import { entriesIn } from '../../../../agent/host/windows/native-services.ts'
import { servicesDown } from '../../../../agent/host/windows/services.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { FakeWindows } from '../../../support/fake-windows.ts'
import { silent } from '../../sense/bench-machine.ts'

/** As Windows lays it out: entries of 56 bytes, and names behind them that they point to. */
function listed(services: [name: string, state: number][], base: bigint, lie?: bigint): Buffer {
  const bytes = Buffer.alloc(4_096)
  let end = services.length * 56
  for (const [index, [name, state]] of services.entries()) {
    bytes.writeBigUInt64LE(lie ?? base + BigInt(end), index * 56)
    bytes.writeUInt32LE(0x10, index * 56 + 16)
    bytes.writeUInt32LE(state, index * 56 + 20)
    end += bytes.write(`${name}\0`, end, 'utf16le')
  }
  return bytes
}

describe('services of Windows', () => {
  it('are read out of the list that the service manager fills', () => {
    const bytes = listed(
      [
        ['Spooler', 1],
        ['Größe', 4],
      ],
      0x7fff_0000_1000n,
    )
    expect(entriesIn(bytes, 2, 0x7fff_0000_1000n)).toMatchObject([
      { name: 'Spooler', state: 1, type: 16 },
      { name: 'Größe', state: 4 },
    ])
  })

  it.each([0n, 1n, 0x1000n - 2n, 0x1000n + 4_096n, 0xffff_ffff_ffff_ffffn])('a name that leads out of the list (%s) is none', (lie) => {
    expect(entriesIn(listed([['Spooler', 1]], 0x1000n, lie), 1, 0x1000n)).toEqual([])
  })

  it('no more of them are believed than fit', () => expect(entriesIn(listed([['a', 1]], 0n), 4_000_000_000, 0n).length).toBeLessThan(74))

  it('are unsupported, and not empty, where Windows lists none', () => {
    const windows = new FakeWindows()
    windows.servicesNow = { refused: 5 }
    expect(servicesDown(windows, ['Spooler'])).toEqual({ kind: 'unsupported', reason: 'Windows does not list its services (error 5)' })
  })
})

it('a machine of Windows says in its inventory which release it is, and what it was installed as in its role', async () => {
  const windows = new FakeWindows()
  const key = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
  const said = {
    CurrentBuildNumber: '20348',
    EditionID: 'ServerStandard',
    InstallationType: 'Server',
    ProductName: 'Windows Server 2022 Standard',
  }
  windows.registryNow = Object.fromEntries(Object.entries(said).map(([name, value]) => [`${key}\\${name}`, value]))
  windows.registryNow['SYSTEM\\CurrentControlSet\\Control\\ProductOptions\\ProductType'] = 'LanmanNT'
  const probe = windowsProbe({ time: new FakeTime(), log: silent, open: async () => windows })
  expect(await probe.role()).toEqual({ role: 'core', reasons: ['it is a domain controller'] })
  expect((await probe.windows?.release())?.fact).toMatchObject({ name: 'release', value: 'windows-server 2022' })
})

it('asks memory and disks of Windows itself, without a program', async () => {
  const windows = new FakeWindows()
  const gib = 1_073_741_824
  windows.memoryNow = { total: 16 * gib, available: 4 * gib, commitLimit: 20 * gib, commitLeft: 6 * gib }
  windows.drivesNow = [{ name: 'C:\\', type: 'NTFS', totalBytes: 100 * gib, freeBytes: 25 * gib }]
  const probe = windowsProbe({ time: new FakeTime(), log: silent, open: async () => windows })
  const memory = { totalBytes: 16 * gib, availableBytes: 4 * gib, swapTotalBytes: 4 * gib, swapUsedBytes: 2 * gib }
  expect(await probe.memory()).toEqual(memory)
  expect(await probe.disks()).toEqual([
    { mount: 'C:', device: 'C:', type: 'NTFS', totalBytes: 100 * gib, freeBytes: 25 * gib, usedRatio: 0.75 },
  ])
})

it('without Windows’ libraries all of it is unsupported, with the reason', async () => {
  const probe = windowsProbe({
    time: new FakeTime(),
    log: silent,
    open: () => Promise.reject(new Error('No such built-in module: node:ffi')),
  })
  expect(await probe.unitsDown([])).toEqual({ kind: 'unsupported', reason: expect.stringContaining('this Node can’t call') })
  expect(await probe.windows?.release()).toBeUndefined()
})
