import { version } from 'node:os'
import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { portableProbe } from '../elsewhere.ts'
import type { Probe, RoleReading } from '../probe.ts'
import type { WindowsCalls } from '../windows/calls.ts'
import type { WindowsMachine } from '../windows/machine.ts'

interface Options {
  time: Time
  log: Logger
  /** What stands for Windows itself; tests have their own. */
  open?: () => Promise<WindowsCalls>
}

/**
 * Windows: health and inventory by what Node knows, services, the registry and the event log by Windows' own libraries; nothing of that is
 * loaded on another system. Who wrote a file, network counters and memory pressure are said to be unsupported.
 */
export function windowsProbe({ time, open = openNative }: Options): Probe {
  let loaded: Promise<Awaited<ReturnType<typeof load>>> | undefined
  const machine = () => {
    loaded ??= load(open, time)
    return loaded
  }
  const windows: WindowsMachine = {
    followEvents: async (options) => (await machine()).followEvents(options),
    running: async (names) => (await machine()).running(names),
    registryNumber: async (key, name) => (await machine()).registryNumber(key, name),
    registryText: async (key, name) => (await machine()).registryText(key, name),
    hasRegistryKey: async (key) => (await machine()).hasRegistryKey(key),
    release: async () => (await machine()).release(),
    software: async () => (await machine()).software(),
    isRebootPending: async () => (await machine()).isRebootPending(),
  }
  const portable = portableProbe('windows', time, () => role(windows))
  return {
    ...portable,
    windows,
    async inventory() {
      const [inventory, release] = await Promise.all([portable.inventory(), windows.release()])
      return release ? { ...inventory, facts: [release.fact, { ...release.fact, name: 'system', value: release.name }] } : inventory
    },
    // Elsewhere these start a PowerShell each time they are asked.
    memory: async () => (await (await machine()).memory()) ?? portable.memory(),
    disks: async () => (await (await machine()).disks()) ?? portable.disks(),
    unitsDown: async (listed) => (await machine()).unitsDown(listed),
  }
}

const load = async (open: () => Promise<WindowsCalls>, time: Time) => (await import('../windows/machine.ts')).windowsMachine(open, time)
const openNative = async (): Promise<WindowsCalls> => (await import('../windows/native.ts')).openNative()

/** What Windows was installed as; without the registry, what its product's name says. */
async function role(windows: WindowsMachine): Promise<RoleReading> {
  const product = version()
  const type = await windows.registryText('SYSTEM\\CurrentControlSet\\Control\\ProductOptions', 'ProductType')
  if (type === 'WinNT') return { role: 'workstation', reasons: [`it runs ${product}`] }
  if (type === 'LanmanNT') return { role: 'core', reasons: ['it is a domain controller'] }
  if (type === 'ServerNT') return { role: 'server', reasons: [`it runs ${product} as a server`] }
  if (/server/i.test(product)) return { role: 'unknown', reasons: [`it runs ${product}`, 'whether it is a domain controller is not known'] }
  return /windows/i.test(product)
    ? { role: 'workstation', reasons: [`it runs ${product}`] }
    : { role: 'unknown', reasons: ['its product name says nothing'] }
}
