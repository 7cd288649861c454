import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readLinuxHardware } from '../../../agent/host/linux-hardware.ts'

const firmware = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`sys/class/dmi/id/${name}`, `${value}\n`]))

function rootWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'tierline-hardware-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

it('reads a notebook from its firmware, os-release and its first processor', async () => {
  const root = rootWith({
    ...firmware({ sys_vendor: 'LENOVO', product_name: '20XW', product_serial: 'PF2ABCDE', chassis_type: '10' }),
    'etc/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
    'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Core i7 of a test\nflags\t\t: fpu vme sse2\n',
  })
  const { system, hardware } = await readLinuxHardware(1_024, root)
  expect(system).toMatchObject({ name: 'Debian GNU/Linux', version: '12' })
  expect(hardware).toMatchObject({ manufacturer: 'LENOVO', model: '20XW', serial: 'PF2ABCDE', chassis: 'Notebook', memoryBytes: 1_024 })
  expect(hardware).toMatchObject({ processor: 'Core i7 of a test', isVirtual: false })
})

it('takes a processor that says "hypervisor", and a maker of virtual machines, for a virtual machine', async () => {
  const flagged = rootWith({ 'proc/cpuinfo': 'model name : X\nflags : fpu hypervisor sse2\n' })
  const made = rootWith(firmware({ sys_vendor: 'QEMU', product_name: 'Standard PC' }))
  const both = [await readLinuxHardware(1, flagged), await readLinuxHardware(1, made)]
  expect(both.map(({ hardware }) => hardware.isVirtual)).toEqual([true, true])
})

it('calls unknown what a vendor left empty, and what is not there', async () => {
  const vague = rootWith(
    firmware({ sys_vendor: 'To be filled by O.E.M.', product_name: 'Default string', product_serial: '', chassis_type: '2' }),
  )
  for (const root of [vague, rootWith({})]) {
    const { hardware } = await readLinuxHardware(1, root)
    expect(hardware).toMatchObject({ manufacturer: 'unknown', model: 'unknown', serial: 'unknown', chassis: 'unknown', isVirtual: false })
  }
})
