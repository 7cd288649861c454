import { describe, expect, it } from 'vitest'
import { Software } from '#shared/domain/software.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import type { RecordBody } from '#shared/protocol/record.ts'
import { createSoftwareStock, parseApk, parseDpkg, parseRpm } from '../../../agent/sense/software.ts'
import { FakeMachine } from '../../support/fake-machine.ts'
import { FakeTime } from '../../support/fake-time.ts'

const dpkg = (name: string, version: string, state = 'install ok installed'): string =>
  `Package: ${name}\nStatus: ${state}\nDepends: x\nVersion: ${version}\nDescription: y\n Version: 9\n\n`

const status = '/var/lib/dpkg/status'

function room(files: Record<string, string>) {
  const machine = new FakeMachine()
  const told: RecordBody[] = []
  machine.filesNow = files
  const stock = createSoftwareStock(machine, new FakeTime(), { append: async (_, body) => told.push(body) })
  const software = () => told.map((body) => Software.parse(body.type === 'software' && body.software))
  return { machine, stock, told, software }
}

describe('what is installed', () => {
  it('is told once, and again when it changed, to a collector that takes it', async () => {
    const { machine, stock, software } = room({
      [status]: dpkg('zlib', '1.3') + dpkg('bash', '5.2-1') + dpkg('old', '1', 'deinstall ok config-files'),
    })
    await stock.look()
    expect(software()).toEqual([])
    stock.setTaken(true)
    await stock.look()
    await stock.look()
    const packages = [
      ['bash', '5.2-1'],
      ['zlib', '1.3'],
    ]
    expect(software()).toEqual([{ sources: [{ source: 'dpkg', packages }], leftOut: 0 }])
    machine.filesNow = { [status]: `${dpkg('zlib', '1.3')}${dpkg('bash', '5.2-1')}\n` }
    await stock.look()
    expect(software()).toHaveLength(1)
    machine.filesNow = { [status]: dpkg('zlib', '1.3.1') }
    await stock.look()
    expect(software()[1]?.sources).toEqual([{ source: 'dpkg', packages: [['zlib', '1.3.1']] }])
  })

  it('is read again only where a database changed', async () => {
    const { machine, stock } = room({ [status]: dpkg('zlib', '1.3') })
    const read: string[] = []
    const before = machine.read
    machine.read = async (path) => {
      read.push(path)
      return before(path)
    }
    stock.setTaken(true)
    for (let look = 0; look < 3; look += 1) await stock.look()
    expect(read).toEqual([status])
  })

  it('is bounded, and what is left out is counted', async () => {
    const many = Array.from({ length: 9_000 }, (_, index) => dpkg(`package-${index}-${'x'.repeat(300)}`, `${'1.'.repeat(200)}${index}`))
    const { stock, software, told } = room({ [status]: many.join('') })
    stock.setTaken(true)
    await stock.look()
    expect(JSON.stringify(told[0]).length).toBeLessThan(maxRecordBytes)
    const [said] = software()
    expect((said?.sources[0]?.packages.length ?? 0) + (said?.leftOut ?? 0)).toBe(9_000)
  })

  it('of nonsense is nothing', () => {
    for (const text of ['', '\0\xff', 'Version: 1\nVersion: 2', 'V:1', 'a\tb\tc\n\t\t\n', 'Package: \n'.repeat(1_000)])
      expect(() => [parseDpkg(text), parseApk(text), parseRpm(text)]).not.toThrow()
  })

  it('is read from apk’s and rpm’s words, too', () => {
    expect(parseApk('C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\n')).toEqual([
      ['musl', '1.2.5-r0'],
      ['busybox', '1.36.1-r29'],
    ])
    expect(parseRpm('bash\t0:5.2-1.el9\nvim\t2:8.2-20\ngpg-pubkey\t0:1-2\n')).toEqual([
      ['bash', '5.2-1.el9'],
      ['vim', '2:8.2-20'],
    ])
  })
})
