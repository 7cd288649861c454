import { expect, it } from 'vitest'
import { createSoftwareStock } from '../../../../agent/sense/software.ts'
import { FakeWindows } from '../../../support/fake-windows.ts'
import { MemorySpool, startBench } from '../../sense/bench-machine.ts'

const list = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall'
const list32 = 'SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall'

it('what is installed on Windows is what its list of programs shows, told when it changed', async () => {
  const windows = new FakeWindows()
  windows.registryNow = {
    [`${list}\\{1}\\DisplayName`]: '7-Zip 24.08 (x64)',
    [`${list}\\{1}\\DisplayVersion`]: '24.08',
    [`${list}\\{2}\\DisplayName`]: 'A part of Windows',
    [`${list}\\{2}\\SystemComponent`]: 1,
    [`${list}\\{3}\\DisplayVersion`]: '1.0',
    [`${list32}\\KB1\\DisplayName`]: 'An update of another',
    [`${list32}\\KB1\\ParentKeyName`]: 'Office',
    [`${list32}\\Acme\\DisplayName`]: 'Acme',
  }
  const { machine, time, sense } = await startBench([], { windows })
  const spool = new MemorySpool()
  const stock = createSoftwareStock(machine, time, spool)
  stock.setTaken(true)
  await stock.look()
  await stock.look()
  const packages = [
    ['7-Zip 24.08 (x64)', '24.08'],
    ['Acme', ''],
  ]
  expect(spool.of('inventory')).toMatchObject([{ type: 'software', software: { sources: [{ source: 'registry', packages }], leftOut: 0 } }])
  windows.registryNow = {}
  await stock.look()
  expect(spool.of('inventory')).toHaveLength(2)
  await sense.stop()
})
